#include "addon/supervisor_handle.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "addon/errors.h"
#include "addon/launcher.h"
#include "addon/records.h"
#include "addon/socket_path.h"
#include "addon/stats_view.h"
#include "sys/sys_error.h"

namespace procpool::addon {
namespace {

// Records passed on in one go, so that a flood of them leaves the event loop to others in between.
constexpr std::size_t batch = 64;

std::uint32_t number(const Napi::Object& options, const char* name) {
  return options.Get(name).As<Napi::Number>().Uint32Value();
}

std::string text(const Napi::Object& options, const char* name) { return options.Get(name).As<Napi::String>(); }

std::string subject_of(const endpoint& where) {
  if (!where.path.empty()) return where.path;
  return (where.host.empty() ? "::" : where.host) + ":" + std::to_string(where.port);
}

Napi::Error listen_error(Napi::Env env, const sys::sys_error& failure, const endpoint& where) {
  Napi::Error error = to_js(env, failure, subject_of(where));
  const bool unix_socket = !where.path.empty();
  const std::string host = where.host.empty() ? "::" : where.host;
  error.Set("address", Napi::String::New(env, unix_socket ? where.path : host));
  if (!unix_socket) error.Set("port", Napi::Number::New(env, where.port));
  return error;
}

bool is_worker(pid_t pid, std::size_t slot) {
  const std::string path = "/proc/" + std::to_string(pid) + "/comm";
  const sys::result fd = sys::open(path.c_str(), O_RDONLY);
  if (fd < 0) return false;
  const sys::unique_fd file(static_cast<int>(fd));
  std::array<char, 16> name{};
  const sys::result size = sys::read(file.get(), name.data(), name.size());
  const std::string wanted = std::string(ipc::worker_name) + std::to_string(slot) + "\n";
  return size >= 0 && wanted == std::string_view(name.data(), static_cast<std::size_t>(size));
}

/// Not the host's child, so that its pid may be another's by now: its name tells. Where there are
/// descriptors of processes it cannot become another's between the look and the signal.
void kill_worker(pid_t pid, std::size_t slot) {
  const sys::result fd = sys::open_process(pid);
  if (fd == -ESRCH) return;
  const sys::unique_fd process(fd < 0 ? -1 : static_cast<int>(fd));
  if (!is_worker(pid, slot)) return;
  // Fails for one that has just ended.
  [[maybe_unused]] const sys::result sent =
      process ? sys::signal_process(process.get(), SIGKILL) : sys::kill(pid, SIGKILL);
}

}  // namespace

void supervisor_handle::define(Napi::Env env, Napi::Object exports) {
  exports.Set("Supervisor", DefineClass(env, "Supervisor",
                                        {
                                            InstanceMethod("pid", &supervisor_handle::pid),
                                            InstanceMethod("address", &supervisor_handle::address),
                                            InstanceMethod("stats", &supervisor_handle::stats),
                                            InstanceMethod("stop", &supervisor_handle::stop),
                                            InstanceMethod("stageEndsIn", &supervisor_handle::stage_ends_in),
                                            InstanceMethod("resize", &supervisor_handle::resize),
                                            InstanceMethod("reopen", &supervisor_handle::reopen),
                                            InstanceMethod("kill", &supervisor_handle::kill),
                                            InstanceMethod("abandon", &supervisor_handle::abandon),
                                        }));
}

supervisor_handle::supervisor_handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<supervisor_handle>(info) {
  const auto options = info[0].As<Napi::Object>();
  callbacks_ = Napi::Persistent(info[1].As<Napi::Object>());
  context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "procpool-native");
  start(options);
  // From here on nothing is asked of JavaScript: a thread that is being terminated would answer with
  // an exception, and the supervisor runs.
  watch(info.Env());
}

void supervisor_handle::start(const Napi::Object& options) {
  const Napi::Env env = options.Env();
  const endpoint wanted{
      .host = text(options, "host"),
      .port = static_cast<std::uint16_t>(number(options, "port")),
      .path = text(options, "path"),
  };
  config_.workers = number(options, "workers");
  config_.backlog = number(options, "backlog");
  config_.drain_ms = number(options, "drainTimeout");
  config_.handler = static_cast<ipc::handler_kind>(number(options, "handler"));
  config_.idle_ms = number(options, "idleTimeout");
  config_.first_byte_ms = number(options, "firstByteTimeout");
  config_.max_age_ms = number(options, "maxAge");
  config_.batch_delay_us = number(options, "batchDelay");
  config_.request_ms = number(options, "requestTimeout");
  config_.max_body = static_cast<std::uint64_t>(options.Get("maxBody").As<Napi::Number>().Int64Value());
  text(options, "corsOrigin").copy(config_.cors_origin, sizeof config_.cors_origin - 1);
  config_.pass_encodings = number(options, "contentEncoding") != 0;
  config_.log_level = number(options, "logLevel");

  listener listening;
  try {
    listening = listen_at(wanted, static_cast<int>(config_.backlog));
  } catch (const sys::sys_error& failure) {
    throw listen_error(env, failure, wanted);
  }
  const std::string executable = text(options, "executable");
  try {
    if (!wanted.path.empty()) config_.socket_file = ipc::socket_file::of(wanted.path);
    const sys::unique_fd page_file = ipc::stats_page::create();
    page_ = std::make_unique<ipc::stats_page>(page_file.get());
    const auto output = static_cast<int>(number(options, "output"));
    launched pool = launch(executable, output, config_, listening.fd.get(), page_file.get());
    pid_ = pool.pid;
    control_ = std::move(pool.control);
    log_ = std::move(pool.log);
    bound_ = std::move(listening.bound);
    family_ = listening.family;
  } catch (const sys::sys_error& failure) {
    config_.socket_file.remove();
    throw to_js(env, failure, executable);
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
    reap_later();
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
  return to_js(info.Env(), **page_, malformed_records_);
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
  remove_stale(config_.socket_file);
}

void supervisor_handle::send(const ipc::control_order& order, sys::unique_fd descriptor) {
  const bool resize = order.kind == ipc::control_kind::resize;
  // Of sizes that wait, the last one counts.
  if (resize && !orders_.empty() && orders_.back().order.kind == order.kind) orders_.pop_back();
  orders_.push_back({order, std::move(descriptor)});
  flush_orders();
}

void supervisor_handle::flush_orders() {
  for (; control_ && !orders_.empty(); orders_.pop_front()) {
    const auto& [order, descriptor] = orders_.front();
    const sys::result sent = descriptor ? control_.send(order, descriptor.get()) : control_.send(order);
    const bool later = sent == -EAGAIN || sent == -ENOBUFS || sent == -ENOMEM;
    if (later) return control_watch_->await_room([this] { flush_orders(); });
    // Otherwise sent; or the supervisor is gone, which is reported by itself.
  }
}

void supervisor_handle::on_control() {
  if (pass_records(control_, ipc::record_sender::supervisor)) reap();
}

void supervisor_handle::on_log() {
  if (!pass_records(log_, ipc::record_sender::worker)) return;
  close(log_watch_, log_);
  remove_stale(config_.socket_file);  // a supervisor that was killed left it behind
  call("quiet", [](Napi::Env) { return arguments{}; });
}

bool supervisor_handle::pass_records(ipc::channel& channel, ipc::record_sender sender) {
  std::array<ipc::log_record, batch> records;
  std::uint32_t count = 0;
  bool ended = false;
  for (std::size_t round = 0; round < batch && !ended; ++round) {
    // With room to see that a message is too long.
    struct {
      ipc::log_record record;
      char beyond;
    } message{};
    const sys::result received = channel.receive(message);
    if (received == -EAGAIN) break;
    // An order that the other end left unread is reported ahead of the records that it sent before: unix(7).
    if (received == -ECONNRESET) continue;
    // A message of no bytes reads like the end of the channel.
    ended = received < 0 || (received == 0 && channel.hung_up());
    if (received == sizeof message.record && ipc::is_well_formed(message.record, sender)) {
      records[count++] = message.record;
    } else if (!ended) {
      ++malformed_records_;
    }
  }
  if (count > 0) {
    call("records", [&records, count](Napi::Env env) {
      Napi::Array list = Napi::Array::New(env, count);
      for (std::uint32_t index = 0; index < count; ++index) list.Set(index, to_js(env, records[index]));
      return arguments{list};
    });
  }
  return ended;
}

/// Nothing may leave this function: it is called from C. What a listener of the app's throws is the
/// app's, an uncaught exception as from any event; and a thread of the app's that is being terminated
/// can make no JavaScript value any more.
void supervisor_handle::call(const char* name, const std::function<arguments(Napi::Env)>& make_arguments) {
  if (environment_ends_) return;
  const Napi::Env env = Env();
  try {
    const Napi::HandleScope scope(env);
    callbacks_.Get(name).As<Napi::Function>().MakeCallback(callbacks_.Value(), make_arguments(env), *context_);
  } catch (const Napi::Error& error) {
    const Napi::HandleScope scope(env);
    napi_fatal_exception(env, error.Value());
  } catch (const std::exception& failure) {
    const Napi::HandleScope scope(env);
    napi_fatal_exception(env, Napi::Error::New(env, failure.what()).Value());
  }
}

void supervisor_handle::reap() {
  // Its end of the channel closes in its exit: the wait is short.
  int status = 0;
  const sys::result reaped = sys::wait_for(pid_, status, 0);
  close(control_watch_, control_);
  (*page_)->state.set(static_cast<std::uint64_t>(ipc::pool_state::ended));

  call("ended", [reaped, status, this](Napi::Env env) {
    const bool exited = reaped == pid_ && WIFEXITED(status);
    const bool killed = reaped == pid_ && WIFSIGNALED(status);
    return arguments{
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
  if (!environment_ends_) {
    const Napi::HandleScope scope(Env());
    // They hold the pool in JavaScript, which holds this object.
    callbacks_.Reset();
    Unref();
  }
  napi_remove_async_cleanup_hook(cleanup);
}

/// In a thread of its own, since nobody may wait for the drain (the library stays loaded, see
/// binding.gyp).
void supervisor_handle::reap_later() const {
  std::thread([pid = pid_] {
    int status = 0;
    [[maybe_unused]] const sys::result reaped = sys::wait_for(pid, status, 0);
  }).detach();
}

/// A worker thread of the app's ends, or the app does: the supervisor sees its channel's end.
void supervisor_handle::on_environment_end(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<supervisor_handle*>(data);
  self->environment_ends_ = true;
  if (self->control_) self->reap_later();
  self->close(self->control_watch_, self->control_);
  self->close(self->log_watch_, self->log_);
}

}  // namespace procpool::addon
