#include "supervisor/supervisor_loop.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "sys/sys_error.h"

namespace procpool::supervisor {
namespace {

// What workers get to count what is left after their time, before they are killed.
constexpr std::uint64_t expiry_ms = 200;

// A pause after a worker could neither take nor refuse a connection: the shortage is the machine's.
constexpr std::uint64_t shortage_ms = 50;

// One Ctrl-C reaches the supervisor once, and the host once or, through npm, twice: a second signal
// that the host passes on so soon after one of the supervisor's own is the same one.
constexpr std::uint64_t echo_ms = 1000;

std::uint64_t now_ms() { return sys::monotonic_ns() / 1'000'000; }

ipc::log_record counted(std::uint64_t count, std::uint32_t value = 0) {
  ipc::log_record record{};
  record.count = count;
  record.value = value;
  return record;
}

}  // namespace

supervisor_loop::supervisor_loop(const ipc::pool_config& config, ipc::pool_page& page, control& host,
                                 sys::unique_fd listener, sys::unique_fd log_channel)
    : config_(config),
      page_(page),
      host_(host),
      log_channel_(std::move(log_channel)),
      signals_({SIGCHLD, SIGTERM, SIGINT}),
      queue_(std::move(listener), static_cast<bool>(config.socket_file), poller_, listener_tag),
      channels_(ipc::max_workers),
      tokens_(ipc::max_workers) {
  sys::check("epoll_ctl", poller_.add(signals_.fd(), EPOLLIN, signals_tag));
  host_.watch(poller_, host_tag);
  if (config_.handler != ipc::handler_kind::echo) turn_bell_ = ipc::output_turn::create_bell();
  // Reports only that the reader has gone (EPOLLERR, EPOLLHUP). A file cannot be watched: EPERM.
  if (config_.handler == ipc::handler_kind::echo) return;
  const sys::result watched = poller_.add(STDOUT_FILENO, 0, output_tag);
  if (watched < 0 && watched != -EPERM) sys::check("epoll_ctl", watched);
}

int supervisor_loop::run() {
  host_.write(ipc::log_event::start);
  resize(config_.workers);
  start_due_workers();
  while (stage_ == stage::running || !table_.alive().empty()) {
    for (const epoll_event& event : poller_.wait(timeout_ms(now_ms()))) dispatch(event);
    if (std::exchange(offering_, false)) hand_out();
    on_time(now_ms());
  }
  return finish();
}

void supervisor_loop::dispatch(const epoll_event& event) {
  switch (event.data.u64) {
    case listener_tag:
      offering_ = true;
      return;
    case signals_tag:
      return on_signals();
    case host_tag:
      return on_orders();
    case output_tag:
      return on_output_gone(EPIPE);
    default:
      return on_reports(static_cast<int>(event.data.u64 - worker_tag));
  }
}

int supervisor_loop::timeout_ms(std::uint64_t now) const {
  std::optional<std::uint64_t> next = table_.next_wake_ms();
  const auto consider = [&next](std::uint64_t time) { next = std::min(next.value_or(time), time); };
  if (look_again_ms_) consider(*look_again_ms_);
  if (stage_ == stage::draining || stage_ == stage::expiring) consider(stage_ends_ms_);
  if (!next) return event::poller::forever;
  return *next <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(*next - now, 60'000));
}

void supervisor_loop::on_time(std::uint64_t now) {
  if (stage_ == stage::draining && now >= stage_ends_ms_) expire();
  if (stage_ == stage::expiring && now >= stage_ends_ms_) kill_workers();
  if (stage_ != stage::running) return;
  start_due_workers();
  if (look_again_ms_ && now >= *look_again_ms_) hand_out();
}

void supervisor_loop::on_signals() {
  while (const int number = signals_.next()) {
    if (number == SIGCHLD) {
      reap();
      continue;
    }
    host_.write(ipc::log_event::signal, counted(0, static_cast<std::uint32_t>(number)));
    last_signal_ms_ = now_ms();
    if (++stop_signals_ == 1) {
      begin_stop(config_.drain_ms);
    } else {
      expire();
    }
  }
}

void supervisor_loop::on_orders() {
  // A signal that reached the whole process group has to be seen before the host's word of it.
  on_signals();
  host_.flush();
  while (const auto order = host_.next()) {
    if (order->kind == ipc::control_kind::resize) {
      resize(order->value);
      continue;
    }
    const bool echo = order->signal != 0 && stop_signals_ == 1 && now_ms() - last_signal_ms_ < echo_ms;
    if (!echo) begin_stop(order->value);
  }
  if (host_.gone()) begin_stop(ipc::orphan_drain_ms);
}

void supervisor_loop::on_reports(int slot) {
  ipc::channel& channel = channels_[static_cast<std::size_t>(slot)];
  std::array<ipc::worker_report, dispatcher::most_tokens> reports;
  for (auto count = sys::result{reports.size()}; channel && count == sys::result{reports.size()};) {
    count = channel.receive_bytes(reports.data(), reports.size());
    if (count == -EAGAIN) return;
    if (count <= 0) {
      // The worker ends: SIGCHLD says how.
      dispatcher_.remove(slot);
      channel.close();
      offering_ = true;
      return;
    }
    for (const auto report : std::span(reports).first(static_cast<std::size_t>(count))) on_report(slot, report);
  }
}

void supervisor_loop::on_report(int slot, ipc::worker_report report) {
  switch (report) {
    case ipc::worker_report::ready:
      table_.ready(slot);
      if (table_.at(slot).now != phase::ready || stage_ != stage::running) return;
      dispatcher_.add(slot);
      set_state(slot, ipc::worker_state::ready);
      write(ipc::log_event::start, slot);
      offering_ = true;
      return log_size();
    case ipc::worker_report::leaving:
      if (!table_.leaving(slot, now_ms())) return;
      dispatcher_.remove(slot);
      set_state(slot, ipc::worker_state::draining);
      page_.workers[slot].restarts.add(1);
      start_due_workers();
      return log_size();
    case ipc::worker_report::output_failed:
      return on_output_gone(static_cast<int>(page_.workers[slot].output_error.get()));
    case ipc::worker_report::exhausted:
      dispatcher_.reported(slot, now_ms());
      shortage_until_ms_ = now_ms() + shortage_ms;
      offering_ = true;
      return;
    case ipc::worker_report::nothing:
      dispatcher_.reported(slot, now_ms());
      return queue_.arm();
    case ipc::worker_report::accepted:
    case ipc::worker_report::refused:
      dispatcher_.reported(slot, now_ms());
      offering_ = true;
      return;
  }
}

void supervisor_loop::on_output_gone(int error) {
  // Watched on, its end would be reported until the last worker has ended.
  [[maybe_unused]] const sys::result removed = poller_.remove(STDOUT_FILENO);
  if (output_gone_) return;
  output_gone_ = failed_ = true;
  ipc::log_record record{};
  record.error = error;
  host_.write(ipc::log_event::output, record);
  begin_stop(0);
}

/// One token for every connection that waits and has none yet, as far as it is the workers' turn.
void supervisor_loop::hand_out() {
  if (stage_ != stage::running) return;
  const std::uint64_t now = now_ms();
  if (now < shortage_until_ms_) {
    look_again_ms_ = shortage_until_ms_;
    return;
  }
  const std::size_t waiting = queue_.length();
  for (std::size_t given = dispatcher_.in_flight(now); given < waiting; ++given) {
    const auto worker = dispatcher_.next(now);
    if (!worker) break;
    if (tokens_[static_cast<std::size_t>(*worker)]++ == 0) holders_.push_back(*worker);
  }
  for (const int worker : holders_) {
    const std::size_t count = std::exchange(tokens_[static_cast<std::size_t>(worker)], 0);
    if (!order(worker, ipc::worker_order::accept, count)) dispatcher_.remove(worker);
  }
  holders_.clear();
  if (waiting == 0) queue_.arm();
  look_again_ms_ = dispatcher_.next_overdue_ms(now);
}

void supervisor_loop::resize(std::uint32_t workers) {
  if (stage_ != stage::running) return;
  for (const int slot : table_.resize(workers, now_ms())) {
    dispatcher_.remove(slot);
    set_state(slot, ipc::worker_state::retiring);
    order(slot, ipc::worker_order::retire);
  }
  log_size();
}

void supervisor_loop::start_due_workers() {
  while (stage_ == stage::running) {
    const auto slot = table_.due(now_ms());
    if (!slot) return;
    start_worker(*slot);
  }
}

void supervisor_loop::start_worker(int slot) {
  try {
    spawned worker = spawn(slot, {config_, page_, queue_.fd(), log_channel_.get(), turn_bell_.get()});
    table_.started(slot, worker.pid, now_ms());
    page_.workers[slot].pid.set(static_cast<std::uint64_t>(worker.pid));
    set_state(slot, ipc::worker_state::starting);
    ipc::channel& channel = channels_[static_cast<std::size_t>(slot)];
    channel = std::move(worker.channel);
    sys::check("epoll_ctl", poller_.add(channel.fd(), EPOLLIN, worker_tag + static_cast<std::uint64_t>(slot)));
  } catch (const sys::sys_error& failure) {
    host_.write(ipc::log_event::fail, ipc::describe(failure), slot);
    if (table_.at(slot).now == phase::starting) {
      // Forked, but not to be heard: its end of the channel closes, and it is reaped like any other.
      channels_[static_cast<std::size_t>(slot)].close();
    } else {
      follow(slot, table_.start_failed(slot, now_ms()));
    }
  }
}

void supervisor_loop::follow(int slot, const aftermath& after) {
  if (!after.replaced) return set_state(slot, ipc::worker_state::unused);
  set_state(slot, ipc::worker_state::waiting);
  page_.workers[slot].restarts.add(1);
  if (after.given_up) {
    failed_ = true;
    host_.write(ipc::log_event::give_up, counted(0, table_.at(slot).failed_starts), slot);
    return begin_stop(config_.drain_ms);
  }
  if (after.delay_ms > 0) {
    host_.write(ipc::log_event::respawn, counted(0, static_cast<std::uint32_t>(after.delay_ms)), slot);
  }
}

void supervisor_loop::reap() {
  for (;;) {
    int status = 0;
    const sys::result pid = sys::wait_for(-1, status, WNOHANG);
    if (pid <= 0) break;
    if (const auto slot = table_.slot_of(static_cast<pid_t>(pid))) on_ended(*slot, status);
  }
  start_due_workers();
}

void supervisor_loop::on_ended(int slot, int status) {
  on_reports(slot);  // its last words
  channels_[static_cast<std::size_t>(slot)].close();
  dispatcher_.remove(slot);
  settle_accounts(slot);
  if (turn_bell_) ipc::output_turn::settle(page_.turn, turn_bell_.get(), slot);

  write(ipc::log_event::exit, slot, static_cast<std::uint32_t>(status));
  if (stage_ != stage::running && WIFEXITED(status) && WEXITSTATUS(status) != 0) failed_ = true;

  const bool was_ready = table_.at(slot).now == phase::ready;
  follow(slot, table_.ended(slot, now_ms()));
  page_.workers[slot].pid.set(0);
  if (was_ready) log_size();
  offering_ = true;
}

/// What a worker that was killed could not count itself.
void supervisor_loop::settle_accounts(int slot) {
  ipc::worker_slot& stats = page_.workers[slot];
  stats.errors.add(stats.accepted.get() - stats.closed.get());
  stats.closed.set(stats.accepted.get());
  stats.bytes_dropped.set(stats.bytes_in.get() - stats.bytes_out.get() - stats.bytes_discarded.get());
  if (const std::uint64_t since = stats.stalled_since_ns.get(); since != 0) {
    stats.stalled_ns.add(sys::monotonic_ns() - since);
    stats.stalled_since_ns.set(0);
  }
}

void supervisor_loop::log_size() {
  const std::size_t ready = table_.count(phase::ready);
  host_.write(ipc::log_event::size, counted(ready, static_cast<std::uint32_t>(table_.target())));
  if (listening_ || ready < table_.target()) return;
  listening_ = true;
  page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::running));
  host_.write(ipc::log_event::listening);
}

/// Again with another time: the earlier end counts.
void supervisor_loop::begin_stop(std::uint64_t drain_ms) {
  const std::uint64_t ends = now_ms() + drain_ms;
  if (stage_ == stage::running) {
    stage_ = stage::draining;
    stage_ends_ms_ = ends;
    page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::draining));
    host_.write(ipc::log_event::drain, counted(0, static_cast<std::uint32_t>(drain_ms)));
    queue_.close();
    look_again_ms_.reset();
    config_.socket_file.remove();
    table_.stop();
    for (const int slot : table_.alive()) {
      set_state(slot, ipc::worker_state::draining);
      [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGTERM);
    }
  } else if (stage_ == stage::draining) {
    stage_ends_ms_ = std::min(stage_ends_ms_, ends);
  }
  if (drain_ms == 0) expire();
}

void supervisor_loop::expire() {
  if (stage_ != stage::draining) return;
  stage_ = stage::expiring;
  stage_ends_ms_ = now_ms() + expiry_ms;
  host_.write(ipc::log_event::expire);
  for (const int slot : table_.alive()) order(slot, ipc::worker_order::expire);
}

void supervisor_loop::kill_workers() {
  stage_ = stage::killing;
  failed_ = true;
  for (const int slot : table_.alive()) {
    write(ipc::log_event::kill, slot);
    [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGKILL);
  }
}

int supervisor_loop::finish() {
  std::uint64_t undelivered = 0;
  for (const ipc::worker_slot& stats : page_.workers) {
    undelivered += stats.bytes_dropped.get() + stats.bytes_unread.get();
  }
  if (undelivered > 0) host_.write(ipc::log_event::undelivered, counted(undelivered));
  page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::ended));
  host_.write(ipc::log_event::done);
  return failed_ || undelivered > 0 ? 1 : 0;
}

/// What happened to the worker that is or was in `slot`.
void supervisor_loop::write(ipc::log_event event, int slot, std::uint32_t value) {
  ipc::log_record record = counted(0, value);
  record.pid = table_.at(slot).pid;
  host_.write(event, record, slot);
}

void supervisor_loop::set_state(int slot, ipc::worker_state state) {
  page_.workers[slot].state.set(static_cast<std::uint64_t>(state));
}

bool supervisor_loop::order(int slot, ipc::worker_order order, std::size_t times) {
  ipc::channel& channel = channels_[static_cast<std::size_t>(slot)];
  std::array<ipc::worker_order, dispatcher::most_tokens> orders;
  std::fill_n(orders.begin(), times, order);
  return channel && channel.send_bytes(orders.data(), times) == static_cast<sys::result>(times);
}

}  // namespace procpool::supervisor
