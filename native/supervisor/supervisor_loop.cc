#include "supervisor/supervisor_loop.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "supervisor/backoff.h"
#include "sys/sys_error.h"

namespace procpool::supervisor {
namespace {

// A pause after a worker could neither take nor refuse a connection, or get a descriptor: the shortage is the
// machine's.
constexpr std::uint64_t shortage_ms = 50;

std::uint64_t now_ms() { return sys::monotonic_ns() / 1'000'000; }

ipc::log_record counted(std::uint64_t count, std::uint32_t value = 0) {
  ipc::log_record record{};
  record.count = count;
  record.value = value;
  return record;
}

/// Moves on as long as a worker that has to end does something.
std::uint64_t progress_of(const ipc::worker_slot& stats) {
  return stats.closed.get() + stats.refused.get() + stats.bytes_out.get();
}

}  // namespace

supervisor_loop::supervisor_loop(const ipc::pool_config& config, ipc::pool_page& page, event::poller& poller,
                                 control& host, sys::unique_fd listener, sys::unique_fd log_channel)
    : config_(config),
      page_(page),
      host_(host),
      log_channel_(std::move(log_channel)),
      poller_(poller),
      signals_({SIGCHLD, SIGTERM, SIGINT, SIGQUIT}),
      queue_(std::move(listener), static_cast<bool>(config.socket_file), poller_, listener_tag),
      channels_(ipc::max_workers),
      tokens_(ipc::max_workers),
      progress_(ipc::max_workers) {
  sys::check("epoll_ctl", poller_.add(signals_.fd(), EPOLLIN, signals_tag));
  host_.watch(poller_, host_tag);
  if (config_.handler != ipc::handler_kind::echo) write_wakeup_ = ipc::write_lock::create_wakeup();
  // Reports only that the reader has gone (EPOLLERR, EPOLLHUP). A file cannot be watched: EPERM.
  if (config_.handler == ipc::handler_kind::echo) return;
  const sys::result watched = poller_.add(STDOUT_FILENO, 0, output_tag);
  if (watched < 0 && watched != -EPERM) sys::check("epoll_ctl", watched);
}

int supervisor_loop::run() {
  host_.write(ipc::log_event::start);
  resize(config_.workers);
  start_due_workers();
  while (stop_.running() || !table_.alive().empty() || awaits_worker()) {
    for (const epoll_event& event : poller_.wait(timeout_ms(now_ms()))) dispatch(event);
    if (std::exchange(offering_, false)) hand_out();
    on_time(now_ms());
    if (std::exchange(given_up_, false)) begin_stop(config_.drain_ms);
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
  if (stop_.now() != stop::stage::killing && stop_.ends_ms()) consider(*stop_.ends_ms());
  if (awaits_worker()) consider(next_recruit_ms_);
  if (const auto wake = reopening_.next_wake_ms()) consider(*wake);
  if (!next) return event::poller::forever;
  return *next <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(*next - now, 60'000));
}

void supervisor_loop::on_time(std::uint64_t now) {
  if (reopening_.next(now)) ask_to_reopen();
  if (stop_.is_due(now)) on_stage_end(now);
  if (!stop_.running()) return recruit(now);
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
    on_request(requests_.own(now_ms()));
  }
}

void supervisor_loop::on_orders() {
  // A signal that reached the whole process group has to be seen before the host's word of it.
  on_signals();
  host_.flush();
  while (const auto order = host_.next()) {
    if (order->kind == ipc::control_kind::resize) {
      resize(order->value);
    } else if (order->kind == ipc::control_kind::reopen) {
      reopen(order->value, host_.take_descriptor());
    } else {
      on_stop_order(*order);
    }
  }
  if (host_.gone()) begin_stop(ipc::orphan_drain_ms);
}

void supervisor_loop::on_request(request what) {
  if (what == request::first) begin_stop(config_.drain_ms);
  if (what == request::again) expire();
}

void supervisor_loop::on_stop_order(const ipc::control_order& order) {
  if (order.signal != 0) on_request(requests_.passed_on(now_ms()));
  // A time that is given counts, also where the signal is one that has been seen.
  if (order.signal == 0 || order.value != ipc::default_drain) {
    begin_stop(order.value == ipc::default_drain ? config_.drain_ms : order.value);
  }
  // After the stage's end is published, so that the host never takes an older one for the answer.
  page_.stop_orders.add(1);
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
      if (table_.at(slot).now != phase::ready || !stop_.running()) return;
      dispatcher_.add(slot);
      set_state(slot, ipc::worker_state::ready);
      write(ipc::log_event::start, slot);
      offering_ = true;
      return log_size();
    case ipc::worker_report::leaving:
      // A pool that stops has told it what to do.
      if (!stop_.running()) return;
      order(slot, ipc::worker_order::leave);
      if (!table_.leaving(slot, now_ms())) return;
      dispatcher_.remove(slot);
      set_state(slot, ipc::worker_state::draining);
      page_.workers[slot].restarts.add(1);
      start_due_workers();
      return log_size();
    case ipc::worker_report::queue_empty:
      return on_queue_empty();
    case ipc::worker_report::reopened:
      reopening_.changed(slot);
      return ask_to_reopen();
    case ipc::worker_report::unopened:
      return reopening_.put_off(slot, now_ms() + shortage_ms);
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
  if (!stop_.running()) return;
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

void supervisor_loop::reopen(std::uint32_t number, const sys::unique_fd& output) {
  const sys::result replaced = output ? sys::replace(output.get(), STDOUT_FILENO) : -EMFILE;
  if (replaced < 0) {
    ipc::log_record record = counted(0, number);
    record.error = static_cast<std::int32_t>(-replaced);
    return host_.write(ipc::log_event::reopen_failed, record);
  }
  // A worker that is forked from now on inherits it.
  reopening_.begin(number, table_.alive());
  ask_to_reopen();
}

void supervisor_loop::ask_to_reopen() {
  const std::uint64_t now = now_ms();
  while (const auto slot = reopening_.next(now)) {
    ipc::channel& channel = channels_[static_cast<std::size_t>(*slot)];
    const sys::result sent = channel ? channel.send(ipc::worker_order::reopen, STDOUT_FILENO) : -EPIPE;
    // One whose channel has ended ends itself.
    if (sent > 0 || sent == -EPIPE || sent == -ECONNRESET) {
      reopening_.asked(*slot);
    } else {
      reopening_.put_off(*slot, now + shortage_ms);
    }
  }
  if (const auto order = reopening_.finished()) host_.write(ipc::log_event::reopened, counted(0, *order));
}

void supervisor_loop::resize(std::uint32_t workers) {
  if (!stop_.running()) return;
  let_go(table_.resize(workers, now_ms()));
  log_size();
}

void supervisor_loop::let_go(const surplus& left) {
  for (const int slot : left.dropped) set_state(slot, ipc::worker_state::unused);
  for (const int slot : left.retiring) {
    dispatcher_.remove(slot);
    set_state(slot, ipc::worker_state::retiring);
    order(slot, ipc::worker_order::retire);
  }
}

void supervisor_loop::start_due_workers() {
  while (stop_.running()) {
    const auto slot = table_.due(now_ms());
    if (!slot) return;
    start_worker(*slot);
  }
}

void supervisor_loop::start_worker(int slot) {
  try {
    spawned worker = spawn(slot, {config_, page_, queue_.fd(), log_channel_.get(), write_wakeup_.get()});
    start_failures_.end(host_);
    table_.started(slot, worker.pid, now_ms());
    page_.workers[slot].pid.set(static_cast<std::uint64_t>(worker.pid));
    set_state(slot, ipc::worker_state::starting);
    ipc::channel& channel = channels_[static_cast<std::size_t>(slot)];
    channel = std::move(worker.channel);
    sys::check("epoll_ctl", poller_.add(channel.fd(), EPOLLIN, worker_tag + static_cast<std::uint64_t>(slot)));
  } catch (const sys::sys_error& failure) {
    start_failures_.add(host_, failure, slot);
    if (table_.at(slot).now == phase::starting) {
      // Forked, but it cannot be watched: its end of the channel closes, and it is reaped like any other.
      channels_[static_cast<std::size_t>(slot)].close();
    } else {
      follow(slot, table_.start_failed(slot, now_ms()));
    }
  }
}

void supervisor_loop::follow(int slot, const restart_plan& after) {
  set_state(slot, after.replaced ? ipc::worker_state::waiting : ipc::worker_state::unused);
  if (after.given_up) on_given_up(slot);
}

/// The pool serves on with the workers that it has, if it has any.
void supervisor_loop::on_given_up(int slot) {
  if (const auto standing = table_.standing()) {
    host_.write(ipc::log_event::resize_failed, counted(*standing, static_cast<std::uint32_t>(table_.target())));
    let_go(table_.fall_back(now_ms()));
    return log_size();
  }
  if (!table_.hopeless()) return look_at_size();
  failed_ = true;
  start_failures_.end(host_);
  host_.write(ipc::log_event::give_up, counted(0, table_.at(slot).failed_starts), slot);
  table_.stop();
  given_up_ = true;
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
  reopening_.ended(slot);
  ask_to_reopen();
  settle_accounts(slot);
  if (write_wakeup_) ipc::write_lock::release_dead(page_.write_lock, write_wakeup_.get(), slot);

  write(ipc::log_event::exit, slot, static_cast<std::uint32_t>(status));
  const bool was_ready = table_.at(slot).now == phase::ready;
  if (!stop_.running()) on_ended_in_stop(slot, status);
  const restart_plan after = table_.ended(slot, now_ms());
  if (after.replaced) page_.workers[slot].restarts.add(1);
  follow(slot, after);
  if (after.delay_ms > 0 && table_.at(slot).now == phase::waiting) {
    host_.write(ipc::log_event::respawn, counted(0, static_cast<std::uint32_t>(after.delay_ms)), slot);
  }
  page_.workers[slot].pid.set(0);
  if (was_ready && stop_.running()) log_size();
  offering_ = true;
}

/// What the worker owed is known to be paid only if it says so itself.
void supervisor_loop::on_ended_in_stop(int slot, int status) {
  const bool failed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
  if (table_.at(slot).now == phase::starting) {
    if (failed) next_recruit_ms_ = now_ms() + backoff::delay_ms(++failed_recruits_);
    return;
  }
  if (!failed) return;
  failed_ = true;
  if (WIFSIGNALED(status) && stop_.now() != stop::stage::killing) write(ipc::log_event::lost, slot);
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
  look_at_size();
}

void supervisor_loop::look_at_size() {
  const std::size_t ready = table_.count(phase::ready);
  const bool complete = ready >= table_.target();
  const bool too_few = !complete && ready > 0 && table_.short_of_workers();
  if (too_few && !std::exchange(short_, too_few)) {
    host_.write(ipc::log_event::shortage, counted(ready, static_cast<std::uint32_t>(table_.target())));
  }
  if (complete) short_ = false;
  if (listening_ || !(complete || too_few)) return;
  listening_ = true;
  page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::running));
  host_.write(ipc::log_event::listening);
}

/// Again with another time: the earlier end counts.
void supervisor_loop::begin_stop(std::uint64_t drain_ms) {
  const bool first = stop_.begin(now_ms(), drain_ms);
  publish_stage();
  if (first) {
    page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::draining));
    host_.write(ipc::log_event::drain, counted(0, static_cast<std::uint32_t>(drain_ms)));
    look_again_ms_.reset();
    queue_.ignore();
    config_.socket_file.remove();
    table_.stop();
    for (const int slot : table_.alive()) order_drain(slot);
    recruit(now_ms());
  }
  if (drain_ms == 0) expire();
}

/// The order says what to do; the signal wakes up, and is the documents' way to say it.
void supervisor_loop::order_drain(int slot) {
  set_state(slot, ipc::worker_state::draining);
  order(slot, ipc::worker_order::drain);
  [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGTERM);
}

/// All that waited to be accepted when the stop began has been taken.
void supervisor_loop::on_queue_empty() {
  if (!queue_ || stop_.running()) return;
  queue_.close();
  for (const int slot : table_.alive()) order(slot, ipc::worker_order::queue_empty);
}

/// Clients wait to be accepted, and no worker is there to do it.
bool supervisor_loop::awaits_worker() const {
  return queue_ && stop_.now() == stop::stage::draining &&
         table_.count(phase::starting) + table_.count(phase::ready) == 0;
}

/// Starts a worker to serve those that wait to be accepted, if any do.
void supervisor_loop::recruit(std::uint64_t now) {
  if (!awaits_worker()) return;
  if (queue_.length() == 0) return queue_.close();
  if (now < next_recruit_ms_) return;
  const auto slot = table_.recruit(now);
  if (!slot) return;
  start_worker(*slot);
  if (table_.at(*slot).now == phase::starting) return order_drain(*slot);
  next_recruit_ms_ = now + backoff::delay_ms(++failed_recruits_);
}

void supervisor_loop::on_stage_end(std::uint64_t now) {
  if (stop_.now() == stop::stage::draining) return expire();
  if (stop_.now() == stop::stage::expiring) kill_stuck_workers(now);
}

void supervisor_loop::expire() {
  if (!stop_.expire(now_ms())) return;
  publish_stage();
  host_.write(ipc::log_event::expire);
  for (const int slot : table_.alive()) {
    progress_[static_cast<std::size_t>(slot)] = progress_of(page_.workers[slot]);
    order(slot, ipc::worker_order::expire);
  }
}

/// Workers whose counters move on are not stuck, however long they take to count what is left.
void supervisor_loop::kill_stuck_workers(std::uint64_t now) {
  bool moving = false;
  for (const int slot : table_.alive()) {
    const std::uint64_t progress = progress_of(page_.workers[slot]);
    if (std::exchange(progress_[static_cast<std::size_t>(slot)], progress) != progress) {
      moving = true;
      continue;
    }
    write(ipc::log_event::kill, slot);
    failed_ = true;
    [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGKILL);
  }
  if (moving) {
    stop_.wait_on(now);
  } else {
    stop_.kill(now);
  }
  publish_stage();
}

/// For the host, which has to know when it may take the supervisor for hung.
void supervisor_loop::publish_stage() { page_.stage_ends_ns.set(stop_.ends_ms().value_or(0) * 1'000'000); }

int supervisor_loop::finish() {
  start_failures_.end(host_);
  std::uint64_t undelivered = 0;
  for (const ipc::worker_slot& stats : page_.workers) {
    undelivered += stats.bytes_dropped.get() + stats.bytes_unread.get();
  }
  if (undelivered > 0) host_.write(ipc::log_event::undelivered, counted(undelivered));
  if (const std::size_t waiting = queue_.length(); waiting > 0) {
    failed_ = true;
    host_.write(ipc::log_event::unserved, counted(waiting));
  }
  page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::ended));
  host_.write(ipc::log_event::done);
  // The reader of stdout need not wait for the host to read its log.
  sys::close(STDOUT_FILENO);
  host_.deliver_all();
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
