#include "supervisor/handout.h"

#include <utility>

#include "ipc/stats_page.h"
#include "supervisor/backoff.h"
#include "sys/clocks.h"

namespace procpool::supervisor {

handout::handout(listen_queue& queue, worker_channels& channels)
    : queue_(queue), channels_(channels), tokens_(ipc::max_workers) {}

void handout::used(int slot) {
  dispatcher_.reported(slot, sys::monotonic_ms());
  look();
}

void handout::unneeded(int slot) {
  dispatcher_.reported(slot, sys::monotonic_ms());
  queue_.arm();
}

void handout::exhausted(int slot) {
  const std::uint64_t now = sys::monotonic_ms();
  dispatcher_.reported(slot, now);
  shortage_until_ms_ = now + backoff::shortage_ms;
  look();
}

void handout::on_time(std::uint64_t now_ms) {
  if (next_look_ms_ && *next_look_ms_ <= now_ms) hand_out(now_ms);
}

void handout::stop() {
  stopped_ = true;
  next_look_ms_.reset();
  queue_.ignore();
}

void handout::hand_out(std::uint64_t now_ms) {
  next_look_ms_.reset();
  if (stopped_) return;
  if (now_ms < shortage_until_ms_) {
    next_look_ms_ = shortage_until_ms_;
    return;
  }
  const std::size_t waiting = queue_.length();
  for (std::size_t given = dispatcher_.in_flight(now_ms); given < waiting; ++given) {
    const auto slot = dispatcher_.next(now_ms);
    if (!slot) break;
    if (tokens_[static_cast<std::size_t>(*slot)]++ == 0) holders_.push_back(*slot);
  }
  for (const int slot : holders_) {
    const std::size_t count = std::exchange(tokens_[static_cast<std::size_t>(slot)], 0);
    if (!channels_.order(slot, ipc::worker_order::accept, count)) dispatcher_.remove(slot);
  }
  holders_.clear();
  if (waiting == 0) queue_.arm();
  next_look_ms_ = dispatcher_.next_overdue_ms(now_ms);
}

}  // namespace procpool::supervisor
