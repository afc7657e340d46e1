#pragma once

#include <napi.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "addon/listener.h"
#include "addon/readable.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/record_check.h"
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
  struct waiting_order {
    ipc::control_order order;
    sys::unique_fd descriptor;  // that goes with it, if any
  };

  Napi::Value pid(const Napi::CallbackInfo& info);
  Napi::Value address(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  Napi::Value stage_ends_in(const Napi::CallbackInfo& info);
  void resize(const Napi::CallbackInfo& info);
  void reopen(const Napi::CallbackInfo& info);

  void kill(const Napi::CallbackInfo& info);
  void abandon(const Napi::CallbackInfo& info);

  void start(const Napi::Object& options);
  void watch(Napi::Env env);
  /// An order for which a hung supervisor has no room waits.
  void send(const ipc::control_order& order, sys::unique_fd descriptor = {});
  void flush_orders();

  void on_control();
  void on_log();
  /// True at the channel's end. Records that are not well-formed are left out and counted.
  bool pass_records(ipc::channel& channel, ipc::record_sender sender);
  using arguments = std::vector<napi_value>;
  void call(const char* name, const std::function<arguments(Napi::Env)>& make_arguments);
  void reap();
  void reap_later() const;
  void close(readable*& watched, ipc::channel& channel);
  void closed();

  static void on_environment_end(napi_async_cleanup_hook_handle handle, void* self);

  pid_t pid_ = 0;
  ipc::channel control_;
  ipc::channel log_;
  std::list<waiting_order> orders_;  // not sent yet; a deque would need libstdc++ of GCC 11
  readable* control_watch_ = nullptr;
  readable* log_watch_ = nullptr;
  int open_watches_ = 0;
  std::unique_ptr<ipc::stats_page> page_;
  std::uint64_t stops_sent_ = 0;
  std::uint64_t malformed_records_ = 0;
  endpoint bound_;
  int family_ = 0;
  ipc::pool_config config_{};
  Napi::ObjectReference callbacks_;
  std::unique_ptr<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  bool environment_ends_ = false;
};

}  // namespace procpool::addon
