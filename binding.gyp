{
  "variables": {
    # Prebuilt packages: one supervisor for glibc and musl alike.
    "static_supervisor%": 0,
    # The supervisor and its workers under AddressSanitizer and UndefinedBehaviorSanitizer.
    "sanitize%": 0,
  },
  "target_defaults": {
    "include_dirs": ["native"],
    "cflags!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"],
  },
  "targets": [
    {
      "target_name": "procpool_native",
      "sources": [
        "native/addon/errors.cc",
        "native/addon/launcher.cc",
        "native/addon/listener.cc",
        "native/addon/module.cc",
        "native/addon/readable.cc",
        "native/addon/records.cc",
        "native/addon/stats_view.cc",
        "native/addon/supervisor_handle.cc",
        "native/ipc/channel.cc",
        "native/ipc/log_record.cc",
        "native/ipc/socket_file.cc",
        "native/ipc/stats_page.cc",
        "native/sys/syscalls.cc",
      ],
      "dependencies": ["procpool-supervisor"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-fvisibility=hidden", "-isystem", "<!(node -p \"path.dirname(require.resolve('node-addon-api'))\")"],
      # A reaping thread may outlive the thread of the app's that loaded the addon.
      "ldflags": ["-Wl,-z,nodelete"],
    },
    {
      "target_name": "procpool-supervisor",
      "type": "executable",
      "sources": [
        "native/event/event_source.cc",
        "native/event/poller.cc",
        "native/event/timer_wheel.cc",
        "native/ipc/channel.cc",
        "native/ipc/log_record.cc",
        "native/ipc/socket_file.cc",
        "native/ipc/stats_page.cc",
        "native/supervisor/control.cc",
        "native/supervisor/dispatcher.cc",
        "native/supervisor/listen_queue.cc",
        "native/supervisor/main.cc",
        "native/supervisor/spawn.cc",
        "native/supervisor/supervisor_loop.cc",
        "native/supervisor/worker_table.cc",
        "native/sys/syscalls.cc",
        "native/worker/acceptor.cc",
        "native/worker/output.cc",
        "native/worker/sink_handler.cc",
        "native/worker/worker.cc",
        "native/worker/worker_log.cc",
      ],
      "ldflags!": ["-rdynamic"],
      "conditions": [
        ["static_supervisor==1", {"ldflags": ["-static"]}],
        ["sanitize==1", {
          "cflags_cc": ["-fsanitize=address,undefined", "-fno-sanitize=vptr", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1"],
          "ldflags": ["-fsanitize=address,undefined"],
        }],
      ],
    },
  ],
}
