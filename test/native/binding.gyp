{
  "targets": [
    {
      "target_name": "procpool_testing",
      "sources": [
        "binding.cc",
        "connections.cc",
        "cycle_check.cc",
        "descriptors.cc",
        "http.cc",
        "output.cc",
        "pool.cc",
        "timers.cc",
        "../../native/event/timer_wheel.cc",
        "../../native/sys/syscalls.cc",
        "../../native/supervisor/dispatcher.cc",
        "../../native/supervisor/worker_table.cc",
        "../../native/worker/http/chunks.cc",
        "../../native/worker/http/fields.cc",
        "../../native/worker/http/known_fields.cc",
        "../../native/worker/http/parser.cc",
        "../../native/worker/http/request_line.cc",
        "../../native/worker/output.cc",
      ],
      "include_dirs": ["../../native", "."],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion",
        "-fvisibility=hidden",
        "-isystem", "<!(node -p \"path.dirname(require.resolve('node-addon-api'))\")",
        # Needs no preloading, unlike AddressSanitizer: what is undefined ends the test.
        "-fsanitize=undefined", "-fno-sanitize-recover=all",
      ],
      "ldflags": ["-fsanitize=undefined"],
    },
  ],
}
