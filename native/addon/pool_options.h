#pragma once

#include <napi.h>

#include <string>

#include "addon/listener.h"
#include "ipc/message.h"

namespace procpool::addon {

/// NativeOptions of lib/native.ts: how the pool is started, and what the supervisor is told.
struct pool_options {
  endpoint where;
  std::string executable;
  int output;  // borrowed
  ipc::pool_config config;
};

/// They have been checked and completed in lib/.
pool_options read_options(const Napi::Object& options);

}  // namespace procpool::addon
