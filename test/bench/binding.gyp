{
  "target_defaults": {
    "include_dirs": ["../../native"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"],
  },
  "targets": [
    {
      "target_name": "output_way",
      "type": "executable",
      "sources": ["output_way.cc", "../../native/sys/syscalls.cc", "../../native/worker/output.cc"],
    },
    {
      "target_name": "timer_wheel",
      "type": "executable",
      "sources": ["timer_wheel.cc", "../../native/event/timer_wheel.cc", "../../native/sys/syscalls.cc"],
    },
  ],
}
