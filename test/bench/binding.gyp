{
  "targets": [
    {
      "target_name": "output_way",
      "type": "executable",
      "sources": ["output_way.cc", "../../native/sys/syscalls.cc", "../../native/worker/output.cc"],
      "include_dirs": ["../../native"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"],
    },
  ],
}
