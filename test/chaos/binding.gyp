{
  "includes": ["../../native/sources.gypi"],
  "target_defaults": {
    "include_dirs": ["../../native", "../bench/native"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"],
    "ldflags": ["-pthread"],
  },
  "targets": [
    {"target_name": "chaos_send", "type": "executable", "sources": ["native/chaos_send.cc", "native/sending_client.cc", "<@(sys_files)"]},
    {"target_name": "chaos_weave", "type": "executable", "sources": ["native/chaos_weave.cc", "<@(sys_files)"]},
    {
      "target_name": "chaos_check",
      "type": "executable",
      "sources": ["native/chaos_check.cc", "native/interleaving.cc", "native/pieces.cc", "<@(sys_files)"],
    },
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {"target_name": "worker_steps", "type": "executable", "sources": ["native/worker_steps.cc", "<@(sys_files)"]},
      ],
    }],
  ],
}
