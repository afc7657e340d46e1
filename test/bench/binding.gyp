{
  "includes": ["../../native/sources.gypi"],
  "target_defaults": {
    "include_dirs": ["../../native"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"],
    "ldflags": ["-pthread"],
    "sources": ["<@(sys_files)"],
  },
  "targets": [
    {"target_name": "output_way", "type": "executable", "sources": ["output_way.cc", "<@(worker_output_files)", "<@(worker_log_files)", "<@(ipc_files)"]},
    {"target_name": "timer_queue", "type": "executable", "sources": ["native/timer_queue.cc", "<@(event_files)"]},
    {"target_name": "load_bulk", "type": "executable", "sources": ["native/load_bulk.cc"]},
    {"target_name": "load_messages", "type": "executable", "sources": ["native/load_messages.cc"]},
    {"target_name": "load_connects", "type": "executable", "sources": ["native/load_connects.cc"]},
    {"target_name": "load_idle", "type": "executable", "sources": ["native/load_idle.cc"]},
    {"target_name": "load_latency", "type": "executable", "sources": ["native/load_latency.cc"]},
    {"target_name": "count_stdin", "type": "executable", "sources": ["native/count_stdin.cc"]},
    {"target_name": "baseline_splice", "type": "executable", "sources": ["native/baseline_splice.cc"]},
    {"target_name": "baseline_copy", "type": "executable", "sources": ["native/baseline_copy.cc"]},
    {"target_name": "baseline_accept", "type": "executable", "sources": ["native/baseline_accept.cc"]},
  ],
}
