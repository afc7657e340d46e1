#include "addon/supervisor_handle.h"

#include <sys/wait.h>
#include <uv.h>

#include <csignal>
#include <utility>

#include "addon/errors.h"
#include "addon/launcher.h"
#include "addon/pool_options.h"
#include "addon/records.h"
#include "addon/socket_path.h"
#include "addon/stats_view.h"
#include "addon/worker_process.h"
#include "sys/sys_error.h"

namespace procpool::addon {

void supervisor_handle::define(Napi::Env env, Napi::Object exports) {
  exports.Set("Supervisor", DefineClass(env, "Supervisor",
                                        {
                                            InstanceMethod("pid", &supervisor_handle::pid),
                                            InstanceMethod("address", &supervisor_handle::address),
                                            InstanceMethod("stats", &supervisor_handle::stats),
                                            InstanceMethod("stop", &supervisor_handle::stop),
                                            InstanceMethod("stageEndsIn", &supervisor_handle::stage_ends_in),
                                            InstanceMethod("resize", &supervisor_handle::resize),
                                            InstanceMethod("recycle", &supervisor_handle::recycle),
                                            InstanceMethod("reopen", &supervisor_handle::reopen),
                                            InstanceMethod("kill", &supervisor_handle::kill),
                                            InstanceMethod("abandon", &supervisor_handle::abandon),
                                        }));
}

supervisor_handle::supervisor_handle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<supervisor_handle>(info), callbacks_(info[1].As<Napi::Object>()) {
  start(info.Env(), read_options(info[0].As<Napi::Object>()));
  // From here on nothing is asked of JavaScript: a thread that is being terminated would answer with
  // an exception, and the supervisor runs.
  watch(info.Env());
}

void supervisor_handle::start(Napi::Env env, const pool_options& options) {
  listener listening;
  try {
    listening = listen_at(options.where, static_cast<int>(options.config.backlog));
  } catch (const sys::sys_error& failure) {
    throw listen_error(env, failure, options.where);
  }
  ipc::pool_config config = options.config;
  listening.bound.text().copy(config.address, sizeof config.address - 1);
  try {
    if (!options.where.path.empty()) config.socket_file = socket_file_ = ipc::socket_file::of(options.where.path);
    const sys::unique_fd page_file = ipc::stats_page::create();
    page_ = std::make_unique<ipc::stats_page>(page_file.get());
    launched pool = launch(options.executable, options.output, config, listening.fd.get(), page_file.get());
    pid_ = pool.pid;
    control_ = std::move(pool.control);
    log_ = std::move(pool.log);
    bound_ = std::move(listening.bound);
    family_ = listening.family;
  } catch (const sys::sys_error& failure) {
    socket_file_.remove();
    throw to_js(env, failure, options.executable);
  }
}

void supervisor_handle::watch(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  try {
    control_watch_ = readable::watch(loop, control_.fd(), [this] { on_control(); });
    log_watch_ = readable::watch(loop, log_.fd(), [this] { on_log(); });
  } catch (const sys::sys_error& failure) {
    if (control_watch_ != nullptr) control_watch_->close([] {});
    control_.close();
    reap_later(pid_);
    throw to_js(env, failure);
  }
  open_watches_ = 2;
  Ref();
  napi_add_async_cleanup_hook(env, &supervisor_handle::on_environment_end, this, &cleanup_);
}

Napi::Value supervisor_handle::address(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!bound_.path.empty()) return Napi::String::New(env, bound_.path);
  Napi::Object object = Napi::Object::New(env);
  object.Set("address", bound_.host);
  object.Set("family", family_ == AF_INET6 ? "IPv6" : "IPv4");
  object.Set("port", static_cast<double>(bound_.port));
  return object;
}

Napi::Value supervisor_handle::pid(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), pid_); }

Napi::Value supervisor_handle::stats(const Napi::CallbackInfo& info) {
  return to_js(info.Env(), **page_, reader_.malformed());
}

void supervisor_handle::stop(const Napi::CallbackInfo& info) {
  ++stops_sent_;
  send({
      .kind = ipc::control_kind::stop,
      .value = info[0].IsUndefined() ? ipc::default_drain : info[0].As<Napi::Number>().Uint32Value(),
      .signal = info[1].As<Napi::Number>().Uint32Value(),
  });
}

Napi::Value supervisor_handle::stage_ends_in(const Napi::CallbackInfo& info) {
  const ipc::pool_page& page = **page_;
  if (page.stop_orders.get() < stops_sent_) return info.Env().Null();
  const auto left_ns = static_cast<std::int64_t>(page.stage_ends_ns.get() - sys::monotonic_ns());
  return Napi::Number::New(info.Env(), static_cast<double>(left_ns) / 1e6);
}

void supervisor_handle::resize(const Napi::CallbackInfo& info) {
  send({.kind = ipc::control_kind::resize, .value = info[0].As<Napi::Number>().Uint32Value(), .signal = 0});
}

void supervisor_handle::recycle(const Napi::CallbackInfo& info) {
  send({.kind = ipc::control_kind::recycle, .value = info[0].As<Napi::Number>().Uint32Value(), .signal = 0});
}

void supervisor_handle::reopen(const Napi::CallbackInfo& info) {
  // The caller closes its own, and the order may have to wait.
  const sys::result copy = sys::duplicate(info[0].As<Napi::Number>().Int32Value(), 0);
  if (copy < 0) throw to_js(info.Env(), {"fcntl", static_cast<int>(-copy)});
  send({.kind = ipc::control_kind::reopen, .value = info[1].As<Napi::Number>().Uint32Value(), .signal = 0},
       sys::unique_fd(static_cast<int>(copy)));
}

void supervisor_handle::kill(const Napi::CallbackInfo&) {
  // Not reaped yet, so that the pid is still its own.
  if (control_) [[maybe_unused]]
    const sys::result sent = sys::kill(pid_, SIGKILL);
}

void supervisor_handle::abandon(const Napi::CallbackInfo&) {
  if (control_) return;
  for (std::size_t slot = 0; slot < ipc::max_workers; ++slot) {
    const auto pid = static_cast<pid_t>((*page_)->workers[slot].pid.get());
    if (pid > 0) kill_worker(pid, slot);
  }
  close(log_watch_, log_);
  remove_stale(socket_file_);
}

void supervisor_handle::send(const ipc::control_order& order, sys::unique_fd descriptor) {
  orders_.add(order, std::move(descriptor));
  flush_orders();
}

void supervisor_handle::flush_orders() {
  if (!orders_.flush(control_)) control_watch_->await_room([this] { flush_orders(); });
}

void supervisor_handle::on_control() {
  if (pass_records(control_, ipc::record_sender::supervisor)) reap();
}

void supervisor_handle::on_log() {
  if (!pass_records(log_, ipc::record_sender::worker)) return;
  close(log_watch_, log_);
  remove_stale(socket_file_);  // a supervisor that was killed left it behind
  callbacks_.call("quiet", [](Napi::Env) { return callbacks::arguments{}; });
}

bool supervisor_handle::pass_records(ipc::channel& channel, ipc::record_sender sender) {
  const record_reader::batch found = reader_.read(channel, sender);
  if (found.count > 0) {
    callbacks_.call("records", [&found](Napi::Env env) {
      Napi::Array list = Napi::Array::New(env, found.count);
      for (std::uint32_t index = 0; index < found.count; ++index) list.Set(index, to_js(env, found.records[index]));
      return callbacks::arguments{list};
    });
  }
  return found.ended;
}

void supervisor_handle::reap() {
  // Its end of the channel closes in its exit: the wait is short.
  int status = 0;
  const sys::result reaped = sys::wait_for(pid_, status, 0);
  close(control_watch_, control_);
  (*page_)->state.set(static_cast<std::uint64_t>(ipc::pool_state::ended));

  callbacks_.call("ended", [reaped, status, this](Napi::Env env) {
    const bool exited = reaped == pid_ && WIFEXITED(status);
    const bool killed = reaped == pid_ && WIFSIGNALED(status);
    return callbacks::arguments{
        exited ? Napi::Number::New(env, WEXITSTATUS(status)) : env.Null(),
        killed ? Napi::Number::New(env, WTERMSIG(status)) : env.Null(),
    };
  });
}

void supervisor_handle::close(readable*& watched, ipc::channel& channel) {
  if (watched != nullptr) std::exchange(watched, nullptr)->close([this] { closed(); });
  channel.close();
}

void supervisor_handle::closed() {
  if (--open_watches_ > 0) return;
  auto* cleanup = std::exchange(cleanup_, nullptr);
  if (!callbacks_.stopped()) {
    const Napi::HandleScope scope(Env());
    // They hold the pool in JavaScript, which holds this object.
    callbacks_.reset();
    Unref();
  }
  napi_remove_async_cleanup_hook(cleanup);
}

/// A worker thread of the app's ends, or the app does: the supervisor sees its channel's end.
void supervisor_handle::on_environment_end(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<supervisor_handle*>(data);
  self->callbacks_.stop();
  if (self->control_) reap_later(self->pid_);
  self->close(self->control_watch_, self->control_);
  self->close(self->log_watch_, self->log_);
}

}  // namespace procpool::addon
