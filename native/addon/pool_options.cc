#include "addon/pool_options.h"

#include <cstdint>

namespace procpool::addon {
namespace {

std::uint32_t number(const Napi::Object& options, const char* name) {
  return options.Get(name).As<Napi::Number>().Uint32Value();
}

std::string text(const Napi::Object& options, const char* name) { return options.Get(name).As<Napi::String>(); }

ipc::pool_config read_config(const Napi::Object& options) {
  ipc::pool_config config{};
  config.workers = number(options, "workers");
  config.backlog = number(options, "backlog");
  config.drain_ms = number(options, "drainTimeout");
  config.handler = static_cast<ipc::handler_kind>(number(options, "handler"));
  config.idle_ms = number(options, "idleTimeout");
  config.first_byte_ms = number(options, "firstByteTimeout");
  config.max_age_ms = number(options, "maxAge");
  config.batch_delay_us = number(options, "batchDelay");
  config.request_ms = number(options, "requestTimeout");
  config.max_body = static_cast<std::uint64_t>(options.Get("maxBody").As<Napi::Number>().Int64Value());
  text(options, "corsOrigin").copy(config.cors_origin, sizeof config.cors_origin - 1);
  config.pass_encodings = number(options, "contentEncoding") != 0;
  config.worker_timeout_ms = number(options, "workerTimeout");
  config.max_lifetime_ms = number(options, "maxLifetime");
  config.takes_over = number(options, "onDeath") != 0;
  config.log_level = number(options, "logLevel");
  return config;
}

}  // namespace

pool_options read_options(const Napi::Object& options) {
  return {
      .where =
          {
              .host = text(options, "host"),
              .port = static_cast<std::uint16_t>(number(options, "port")),
              .path = text(options, "path"),
          },
      .executable = text(options, "executable"),
      .output = static_cast<int>(number(options, "output")),
      .config = read_config(options),
  };
}

}  // namespace procpool::addon
