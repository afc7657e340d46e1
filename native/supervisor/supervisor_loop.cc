#include "supervisor/supervisor_loop.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "supervisor/event_kind.h"
#include "supervisor/records.h"
#include "sys/sys_error.h"

namespace procpool::supervisor {

supervisor_loop::supervisor_loop(const ipc::pool_config& config, ipc::pool_page& page, event::poller& poller,
                                 control& host, sys::unique_fd listener, sys::unique_fd log_channel)
    : config_(config),
      poller_(poller),
      host_(host),
      signals_({SIGCHLD, SIGTERM, SIGINT, SIGQUIT}),
      queue_(std::move(listener), static_cast<bool>(config.socket_file), poller),
      channels_(poller),
      connections_(queue_, channels_),
      output_(poller, host, channels_),
      workers_(config, page, host, queue_, channels_, connections_, std::move(log_channel)),
      shutdown_(config, page, host, queue_, connections_, workers_),
      reports_(channels_, connections_, output_, workers_, shutdown_),
      orders_(config, page, host, output_, workers_, shutdown_) {
  sys::check("epoll_ctl", poller_.add(signals_.fd(), EPOLLIN, event_tag{event_kind::signals}.pack()));
  host_.watch(poller_, event_tag{event_kind::host}.pack());
  if (config_.handler != ipc::handler_kind::echo) output_.watch();
}

int supervisor_loop::run() {
  host_.write(ipc::log_event::start);
  workers_.resize(config_.workers);
  workers_.start_due();
  while (shutdown_.is_unfinished()) {
    for (const epoll_event& event : poller_.wait(timeout_ms(sys::monotonic_ms()))) dispatch(event);
    on_time(sys::monotonic_ms());
  }
  const int status = shutdown_.finish();
  // The reader of stdout need not wait for the host to read its log.
  sys::close(STDOUT_FILENO);
  host_.deliver_all();
  return status;
}

void supervisor_loop::dispatch(const epoll_event& event) {
  const event_tag tag = event_tag::unpack(event.data.u64);
  switch (tag.kind) {
    case event_kind::listener:
      return connections_.look();
    case event_kind::signals:
      return on_signals();
    case event_kind::host:
      // A signal to the whole process group has to be seen before the host's order that forwards it.
      on_signals();
      host_.flush();
      return orders_.read();
    case event_kind::output:
      if (output_.mark_broken(EPIPE)) shutdown_.begin_failed(0);
      return;
    case event_kind::worker:
      if (channels_.is_current(tag)) reports_.read(static_cast<int>(tag.index));
      return;
  }
}

void supervisor_loop::on_signals() {
  while (const int number = signals_.next()) {
    if (number == SIGCHLD) {
      reap();
    } else {
      host_.write(ipc::log_event::signal, with_value(static_cast<std::uint64_t>(number)));
      shutdown_.on_signal();
    }
  }
}

void supervisor_loop::reap() {
  while (const auto ended = workers_.reap()) {
    reports_.read(ended->slot);  // the last before its end
    if (workers_.take_over(*ended)) continue;
    output_.worker_ended(ended->slot);
    shutdown_.on_worker_ended(workers_.on_ended(*ended));
  }
  workers_.start_due();
}

void supervisor_loop::on_time(std::uint64_t now_ms) {
  connections_.on_time(now_ms);
  output_.on_time(now_ms);
  shutdown_.on_time(now_ms);
  workers_.on_time(now_ms);
  if (workers_.stopped() && !shutdown_.begun()) shutdown_.begin_failed(config_.drain_ms);
}

int supervisor_loop::timeout_ms(std::uint64_t now_ms) const {
  constexpr std::uint64_t max_ms = 60'000;
  std::uint64_t next_ms = UINT64_MAX;
  for (const auto wake_ms :
       {connections_.next_wake_ms(), output_.next_wake_ms(), shutdown_.next_wake_ms(), workers_.next_wake_ms()}) {
    next_ms = std::min(next_ms, wake_ms.value_or(UINT64_MAX));
  }
  if (next_ms == UINT64_MAX) return event::poller::forever;
  return next_ms <= now_ms ? 0 : static_cast<int>(std::min(next_ms - now_ms, max_ms));
}

}  // namespace procpool::supervisor
