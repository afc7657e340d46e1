#pragma once

#include <napi.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "addon/callbacks.h"
#include "addon/listener.h"
#include "addon/order_queue.h"
#include "addon/pool_options.h"
#include "addon/readable.h"
#include "addon/record_reader.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/socket_file.h"
#include "ipc/stats_page.h"

namespace procpool::addon {

/// The host's handle of one pool, `Supervisor` in lib/native.ts: listens, starts the supervisor,
/// passes orders on, and turns records and the supervisor's end into callbacks. Installs no signal
/// handler and waits for no process but its own. Owns the host's ends of both channels and the
/// host's mapping of the stats page, which stays readable when the pool has ended.
class supervisor_handle : public Napi::ObjectWrap<supervisor_handle> {
 public:
  static void define(Napi::Env env, Napi::Object exports);

  explicit supervisor_handle(const Napi::CallbackInfo& info);

 private:
  Napi::Value pid(const Napi::CallbackInfo& info);
  Napi::Value address(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  Napi::Value stage_ends_in(const Napi::CallbackInfo& info);
  void resize(const Napi::CallbackInfo& info);
  void recycle(const Napi::CallbackInfo& info);
  void reopen(const Napi::CallbackInfo& info);

  void kill(const Napi::CallbackInfo& info);
  void abandon(const Napi::CallbackInfo& info);

  void start(Napi::Env env, const pool_options& options);
  void watch(Napi::Env env);
  /// An order for which a hung supervisor has no room waits.
  void send(const ipc::control_order& order, sys::unique_fd descriptor = {});
  void flush_orders();

  void on_control();
  void on_log();
  /// True at the channel's end.
  bool pass_records(ipc::channel& channel, ipc::record_sender sender);
  void reap();
  void close(readable*& watched, ipc::channel& channel);
  void closed();

  static void on_environment_end(napi_async_cleanup_hook_handle handle, void* self);

  pid_t pid_ = 0;
  ipc::channel control_;
  ipc::channel log_;
  order_queue orders_;
  record_reader reader_;
  readable* control_watch_ = nullptr;
  readable* log_watch_ = nullptr;
  int open_watches_ = 0;
  std::unique_ptr<ipc::stats_page> page_;
  std::uint64_t stops_sent_ = 0;
  endpoint bound_;
  int family_ = 0;
  ipc::socket_file socket_file_{};
  callbacks callbacks_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
};

}  // namespace procpool::addon
