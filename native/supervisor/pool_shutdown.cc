#include "supervisor/pool_shutdown.h"

#include <algorithm>
#include <utility>

#include "supervisor/accounts.h"
#include "supervisor/records.h"

namespace procpool::supervisor {

pool_shutdown::pool_shutdown(const ipc::pool_config& config, ipc::pool_page& page, control& host, listen_queue& queue,
                             handout& connections, workers& workers)
    : config_(config),
      page_(page),
      host_(host),
      queue_(queue),
      connections_(connections),
      workers_(workers),
      progress_(ipc::max_workers) {}

void pool_shutdown::begin(std::uint64_t drain_ms) {
  const std::uint64_t now = sys::monotonic_ms();
  const bool first = stop_.begin(now, drain_ms);
  publish_stage();
  if (first) {
    page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::draining));
    host_.write(ipc::log_event::drain, with_value(drain_ms));
    connections_.stop();
    config_.socket_file.remove();
    workers_.stop();
    for (const int slot : workers_.table().alive()) workers_.drain(slot);
    recruiter_.on_time(now);
  }
  if (drain_ms == 0) expire();
}

void pool_shutdown::begin_failed(std::uint64_t drain_ms) {
  failed_ = true;
  begin(drain_ms);
}

void pool_shutdown::on_signal() { on_request(requests_.on_signal(sys::monotonic_ms())); }
void pool_shutdown::on_host_signal() { on_request(requests_.on_host_signal(sys::monotonic_ms())); }

void pool_shutdown::on_request(request received) {
  if (received == request::first) begin(config_.drain_ms);
  if (received == request::further) expire();
}

void pool_shutdown::on_queue_empty() {
  if (!queue_ || stop_.running()) return;
  queue_.close();
  workers_.on_queue_empty();
}

/// Only a worker that exits with 0 has delivered all that had arrived.
void pool_shutdown::on_worker_ended(const worker_exit& exit) {
  if (stop_.running() || !exit.failed()) return;
  if (exit.last_phase == phase::starting) return recruiter_.on_failure(sys::monotonic_ms());
  failed_ = true;
  if (exit.killed() && stop_.now() != stop::stage::killing) {
    host_.write(ipc::log_event::lost, with_pid(exit.pid), exit.slot);
  }
}

void pool_shutdown::on_time(std::uint64_t now_ms) {
  if (stop_.is_due(now_ms)) {
    if (stop_.now() == stop::stage::draining) {
      expire();
    } else if (stop_.now() == stop::stage::expiring) {
      kill_stuck_workers(now_ms);
    }
  }
  recruiter_.on_time(now_ms);
}

std::optional<std::uint64_t> pool_shutdown::next_wake_ms() const {
  if (stop_.now() == stop::stage::killing) return std::nullopt;
  const auto recruit_ms = recruiter_.next_wake_ms();
  return recruit_ms && stop_.ends_ms() ? std::min(recruit_ms, stop_.ends_ms()) : stop_.ends_ms();
}

void pool_shutdown::expire() {
  if (!stop_.expire(sys::monotonic_ms())) return;
  publish_stage();
  host_.write(ipc::log_event::expire);
  workers_.end_takeovers();
  for (const int slot : workers_.table().alive()) {
    progress_[static_cast<std::size_t>(slot)] = progress_of(workers_.stats(slot));
  }
  workers_.order_all(ipc::worker_order::expire);
}

/// Workers whose counters move on are not stuck, however long they take to count what is left.
void pool_shutdown::kill_stuck_workers(std::uint64_t now_ms) {
  bool moving = false;
  for (const int slot : workers_.table().alive()) {
    const std::uint64_t progress = progress_of(workers_.stats(slot));
    if (std::exchange(progress_[static_cast<std::size_t>(slot)], progress) != progress) {
      moving = true;
    } else {
      failed_ = true;
      workers_.kill(slot);
    }
  }
  if (moving) {
    stop_.extend(now_ms);
  } else {
    stop_.kill(now_ms);
  }
  publish_stage();
}

/// The host takes a supervisor for hung that goes on for too long beyond the end of its stage.
void pool_shutdown::publish_stage() { page_.stage_ends_ns.set(stop_.ends_ms().value_or(0) * 1'000'000); }

bool pool_shutdown::is_unfinished() const {
  return stop_.running() || !workers_.table().alive().empty() || recruiter_.is_needed();
}

int pool_shutdown::finish() {
  workers_.end_failures();
  const std::uint64_t undelivered = undelivered_bytes(page_);
  if (undelivered > 0) host_.write(ipc::log_event::undelivered, with_count(undelivered));
  const std::size_t waiting = queue_.length();
  if (waiting > 0) host_.write(ipc::log_event::unserved, with_count(waiting));
  page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::ended));
  host_.write(ipc::log_event::done);
  return failed_ || undelivered > 0 || waiting > 0 ? 1 : 0;
}

}  // namespace procpool::supervisor
