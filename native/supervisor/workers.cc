#include "supervisor/workers.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "supervisor/accounts.h"
#include "supervisor/backoff.h"
#include "supervisor/records.h"
#include "supervisor/spawn.h"
#include "sys/sys_error.h"

namespace procpool::supervisor {

bool worker_exit::killed() const { return WIFSIGNALED(status); }
bool worker_exit::failed() const { return killed() || WEXITSTATUS(status) != 0; }

workers::workers(const ipc::pool_config& config, ipc::pool_page& page, control& host, listen_queue& queue,
                 worker_channels& channels, handout& connections, sys::unique_fd log_channel)
    : config_(config),
      page_(page),
      host_(host),
      queue_(queue),
      channels_(channels),
      connections_(connections),
      log_channel_(std::move(log_channel)),
      standbys_(page, host),
      watchdog_(ipc::max_workers, config.worker_timeout_ms),
      recycling_(ipc::max_workers, config.takes_over ? config.max_lifetime_ms : 0),
      deaths_(ipc::max_workers),
      last_orders_(ipc::max_workers),
      takes_over_(config.takes_over) {
  if (config_.handler != ipc::handler_kind::echo) write_wakeup_ = ipc::write_lock::create_wakeup();
}

void workers::resize(std::uint32_t target) {
  if (table_.stopped()) return;
  remove(table_.resize(target, sys::monotonic_ms()));
  size_.changed(table_);
}

void workers::remove(const surplus& left) {
  for (const int slot : left.dropped) set_state(slot, ipc::worker_state::unused);
  for (const int slot : left.retiring) {
    connections_.remove(slot);
    set_state(slot, ipc::worker_state::retiring);
    order_end(slot, ipc::worker_order::retire);
  }
}

void workers::start_due() {
  while (const auto slot = table_.due(sys::monotonic_ms())) start(*slot);
}

bool workers::start_drainer(std::uint64_t now_ms) {
  const auto slot = table_.recruit(now_ms);
  if (!slot) return false;
  start(*slot);
  if (table_.at(*slot).now != phase::starting) return false;
  drain(*slot);
  return true;
}

/// Given again to who takes over from the worker.
void workers::order_end(int slot, ipc::worker_order order) {
  last_orders_[static_cast<std::size_t>(slot)] = order;
  channels_.order(slot, order);
}

void workers::start(int slot) {
  try {
    standbys_.begin(slot);
    last_orders_[static_cast<std::size_t>(slot)].reset();
    deaths_[static_cast<std::size_t>(slot)] = {};
    spawned worker = spawn(slot, {config_, page_, queue_.fd(), log_channel_.get(), write_wakeup_.get()});
    start_failures_.end(host_);
    table_.started(slot, worker.pid, sys::monotonic_ms());
    standbys_.began(slot, worker.pid);
    watchdog_.begin(slot, sys::monotonic_ms());
    page_.workers[slot].pid.set(static_cast<std::uint64_t>(worker.pid));
    set_state(slot, ipc::worker_state::starting);
    channels_.open(slot, std::move(worker.channel));
  } catch (const sys::sys_error& failure) {
    start_failures_.add(host_, failure, slot);
    // A worker that was forked and cannot be watched finds its channel closed, ends, and is reaped.
    if (table_.at(slot).now == phase::starting) return;
    begin_restart(slot, table_.start_failed(slot, sys::monotonic_ms()));
  }
}

void workers::begin_restart(int slot, const restart_plan& plan) {
  set_state(slot, plan.replaced ? ipc::worker_state::waiting : ipc::worker_state::unused);
  if (plan.given_up) on_given_up(slot);
}

/// The pool goes on with the workers that run, if any do.
void workers::on_given_up(int slot) {
  if (const auto previous = table_.previous_target()) {
    host_.write(ipc::log_event::resize_failed, with_count(*previous, table_.target()));
    remove(table_.fall_back(sys::monotonic_ms()));
    return size_.changed(table_);
  }
  if (!table_.hopeless()) return size_.check(table_);
  start_failures_.end(host_);
  host_.write(ipc::log_event::give_up, with_value(table_.at(slot).failed_starts), slot);
  table_.stop();
}

void workers::on_ready(int slot) {
  table_.ready(slot);
  if (table_.at(slot).now != phase::ready || table_.stopped()) return;
  connections_.add(slot);
  connections_.look();
  set_state(slot, ipc::worker_state::ready);
  log(ipc::log_event::start, slot);
  recycling_.began(slot, sys::monotonic_ms());
  size_.changed(table_);
}

void workers::on_leaving(int slot) {
  // A pool that stops has told it what to do.
  if (table_.stopped()) return;
  order_end(slot, ipc::worker_order::leave);
  if (!table_.leaving(slot, sys::monotonic_ms())) return;
  connections_.remove(slot);
  set_state(slot, ipc::worker_state::draining);
  page_.workers[slot].restarts.add(1);
  start_due();
  size_.changed(table_);
}

std::optional<workers::reaped> workers::reap() {
  for (;;) {
    int status = 0;
    const sys::result pid = sys::wait_for(-1, status, WNOHANG | WUNTRACED | WCONTINUED);
    if (pid <= 0) return std::nullopt;
    const auto slot = table_.slot_of(static_cast<pid_t>(pid));
    const bool ended = WIFEXITED(status) || WIFSIGNALED(status);
    if (slot && ended) return reaped{*slot, status};
    if (slot && WIFSTOPPED(status)) watchdog_.stopped(*slot, sys::monotonic_ms());
    if (slot && WIFCONTINUED(status)) watchdog_.continued(*slot, sys::monotonic_ms());
    if (ended) standbys_.ended(static_cast<pid_t>(pid), sys::monotonic_ms());
  }
}

bool workers::take_over(const reaped& ended) {
  const int slot = ended.slot;
  // One that exits with 0 hands over. SIGKILL is the operator's, or comes of a want of memory.
  const bool killed = WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGKILL;
  const bool hands_over = ended.status == 0;
  const bool crashed = !hands_over && !killed;
  // Before it is ready it has no connections.
  if (!takes_over_ || table_.at(slot).now == phase::starting || standbys_.finished(slot)) return false;
  if (!hands_over && !lives_on(slot, crashed)) return false;
  const pid_t dead = table_.at(slot).pid;
  const auto next = standbys_.wake(slot, crashed);
  if (!next) return false;
  table_.taken_over(slot, *next);
  watchdog_.begin(slot, sys::monotonic_ms());
  standbys_.keep(slot, sys::monotonic_ms());
  host_.write(ipc::log_event::exit, with_pid(dead, static_cast<std::uint32_t>(ended.status)), slot);
  // It has no tokens until it says that it goes on.
  connections_.remove(slot);
  connections_.look();
  page_.workers[slot].restarts.add(1);
  page_.workers[slot].takeovers.add(1);
  return true;
}

/// Not where workers die one after the other of what they cannot get past. One that was killed while it had nothing to
/// do did not die of that.
bool workers::lives_on(int slot, bool crashed) {
  if (!crashed && page_.processes[slot].waiting.load()) return true;
  const ipc::worker_slot& stats = page_.workers[slot];
  const std::uint64_t progress = progress_of(stats) + stats.accepted.get() + stats.bytes_in.get();
  return !deaths_[static_cast<std::size_t>(slot)].add(progress);
}

void workers::on_resumed(int slot) {
  page_.workers[slot].pid.set(static_cast<std::uint64_t>(table_.at(slot).pid));
  const ipc::slot_processes& processes = page_.processes[slot];
  ipc::log_record record = with_pid(table_.at(slot).pid, processes.pending.load());
  record.count = processes.connections.load();
  record.duration_ns = sys::monotonic_ns() - processes.died_ns;
  host_.write(ipc::log_event::takeover, record, slot);
  // The worker before may have died with an order in its hands.
  if (const auto order = last_orders_[static_cast<std::size_t>(slot)]) channels_.order(slot, *order);
  if (queue_empty_) channels_.order(slot, ipc::worker_order::queue_empty);
  if (table_.at(slot).now == phase::ready && !table_.stopped()) {
    connections_.add(slot);
    connections_.look();
  }
  standbys_.keep(slot, sys::monotonic_ms());
  recycling_.began(slot, sys::monotonic_ms());
}

void workers::recycle(std::uint32_t order) {
  recycling_.begin(order, table_.alive());
  recycle_due(sys::monotonic_ms());
}

/// Not while the pool stops: its workers are about to end.
void workers::recycle_due(std::uint64_t now_ms) {
  if (table_.stopped()) return;
  while (const auto slot = recycling_.next(now_ms)) {
    if (standbys_.any(*slot)) {
      channels_.order(*slot, ipc::worker_order::hand_over);
    } else {
      recycling_.began(*slot, now_ms);  // nobody could go on: it stays
    }
  }
  if (const auto order = recycling_.finished()) host_.write(ipc::log_event::recycled, with_value(*order));
}

void workers::on_queue_empty() {
  queue_empty_ = true;
  order_all(ipc::worker_order::queue_empty);
}

void workers::on_time(std::uint64_t now_ms) {
  standbys_.on_time(now_ms);
  kill_hanging(now_ms);
  recycle_due(now_ms);
  start_due();
}

void workers::kill_hanging(std::uint64_t now_ms) {
  const auto look_ms = watchdog_.next_wake_ms();
  if (!look_ms || now_ms < *look_ms) return;
  watchdog_.on_time(now_ms);
  const std::uint32_t holder = page_.write_lock.holder.load();
  const bool contended = page_.write_lock.contended.load() != 0;
  for (const int slot : table_.alive()) {
    const ipc::slot_processes& seen = page_.processes[slot];
    const bool holds_up_others = contended && holder == static_cast<std::uint32_t>(slot) + 1;
    if (!watchdog_.hangs(slot, {seen.rounds.load(), seen.waiting.load(), holds_up_others}, now_ms)) continue;
    log(ipc::log_event::hang, slot, watchdog_.limit_ms());
    [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGKILL);
  }
}

std::optional<std::uint64_t> workers::next_wake_ms() const {
  std::optional<std::uint64_t> next;
  for (const auto wake_ms : {table_.next_wake_ms(), standbys_.next_wake_ms(), watchdog_.next_wake_ms(),
                             table_.stopped() ? std::nullopt : recycling_.next_wake_ms()}) {
    if (wake_ms) next = std::min(next.value_or(*wake_ms), *wake_ms);
  }
  return next;
}

worker_exit workers::on_ended(const reaped& ended) {
  const int slot = ended.slot;
  const worker_exit exit{slot, table_.at(slot).pid, table_.at(slot).now, ended.status};
  standbys_.end(slot);
  watchdog_.end(slot);
  recycling_.ended(slot);
  channels_.close(slot);
  connections_.remove(slot);
  connections_.look();
  close_account(page_.workers[slot], sys::monotonic_ns());
  if (write_wakeup_) ipc::write_lock::release_dead(page_.write_lock, write_wakeup_.get(), slot);
  log(ipc::log_event::exit, slot, static_cast<std::uint32_t>(ended.status));

  const restart_plan plan = table_.ended(slot, sys::monotonic_ms());
  if (plan.replaced) page_.workers[slot].restarts.add(1);
  begin_restart(slot, plan);
  if (plan.delay_ms > 0 && table_.at(slot).now == phase::waiting) {
    host_.write(ipc::log_event::respawn, with_value(plan.delay_ms), slot);
  }
  page_.workers[slot].pid.set(0);
  if (exit.last_phase == phase::ready && !table_.stopped()) size_.changed(table_);
  return exit;
}

void workers::drain(int slot) {
  set_state(slot, ipc::worker_state::draining);
  order_end(slot, ipc::worker_order::drain);
  [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGTERM);
}

void workers::order_all(ipc::worker_order order) {
  for (const int slot : table_.alive()) channels_.order(slot, order);
}

void workers::kill(int slot) {
  log(ipc::log_event::kill, slot);
  [[maybe_unused]] const sys::result sent = sys::kill(table_.at(slot).pid, SIGKILL);
}

void workers::log(ipc::log_event event, int slot, std::uint64_t value) {
  host_.write(event, with_pid(table_.at(slot).pid, value), slot);
}

void workers::set_state(int slot, ipc::worker_state state) {
  page_.workers[slot].state.set(static_cast<std::uint64_t>(state));
}

}  // namespace procpool::supervisor
