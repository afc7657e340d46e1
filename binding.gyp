{
  "includes": ["native/sources.gypi"],
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
      "sources": ["<@(addon_files)", "<@(ipc_files)", "<@(sys_files)"],
      "dependencies": ["procpool-supervisor"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-fvisibility=hidden", "-isystem", "<!(node -p \"path.dirname(require.resolve('node-addon-api'))\")"],
      # A reaping thread may outlive the thread of the app's that loaded the addon.
      "ldflags": ["-Wl,-z,nodelete"],
    },
    {
      "target_name": "procpool-supervisor",
      "type": "executable",
      "sources": ["native/supervisor/main.cc", "<@(pool_files)", "<@(sys_files)"],
      "cflags_cc": ["-fPIE", "-fstack-protector-strong"],
      "ldflags": ["-Wl,-z,relro,-z,now"],
      "ldflags!": ["-rdynamic"],
      "conditions": [
        ["static_supervisor==1", {"ldflags": ["-static-pie"]}, {"ldflags": ["-pie"]}],
        # AddressSanitizer has checks of its own in the place of those.
        ["sanitize==0", {"cflags_cc": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"]}],
        ["sanitize==1", {
          "cflags_cc": ["-fsanitize=address,undefined", "-fno-sanitize=vptr", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1"],
          "ldflags": ["-fsanitize=address,undefined"],
        }],
      ],
    },
  ],
}
