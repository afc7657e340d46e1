{
  "includes": ["../../native/sources.gypi"],
  "target_defaults": {
    "include_dirs": ["../../native", "."],
    "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS"],
    "cflags!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": [
      "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-fvisibility=hidden",
      "-isystem", "<!(node -p \"path.dirname(require.resolve('node-addon-api'))\")",
      # Needs no preloading, unlike AddressSanitizer: what is undefined ends the test.
      "-fsanitize=undefined", "-fno-sanitize-recover=all",
    ],
    "ldflags": ["-fsanitize=undefined"],
  },
  "targets": [
    {
      # Of this library each of the two addons has what it uses, compiled once.
      "target_name": "pool",
      "type": "static_library",
      "sources": ["<@(pool_files)"],
    },
    {
      "target_name": "procpool_testing",
      "sources": [
        "binding.cc",
        "connections.cc",
        "cycle_check.cc",
        "record_writer.cc",
        "descriptors.cc",
        "event_tag.cc",
        "http.cc",
        "output.cc",
        "pacer.cc",
        "pool.cc",
        "records.cc",
        "signals.cc",
        "takeover.cc",
        "timers.cc",
        "<@(sys_files)",
      ],
      "dependencies": ["pool"],
    },
    {
      # With a kernel that the tests script, instead of native/sys/.
      "target_name": "procpool_faked",
      "sources": [
        "fake/binding.cc",
        "fake/calls.cc",
        "fake/control.cc",
        "fake/deadlines.cc",
        "fake/kernel.cc",
        "fake/worker_channels.cc",
      ],
      "dependencies": ["pool"],
      # What calls.cc lacks is missed when the addon is loaded.
      "ldflags": ["-Wl,-z,now"],
    },
  ],
}
