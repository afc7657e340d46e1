#include "supervisor/watchdog.h"

#include <algorithm>

namespace procpool::supervisor {
namespace {

// So much later than planned no timer is.
constexpr std::uint64_t late_ms = 1000;

}  // namespace

void watchdog::stopped(int slot, std::uint64_t now_ms) {
  at(slot).stopped = true;
  at(slot).since_ms = now_ms;
}

void watchdog::continued(int slot, std::uint64_t now_ms) {
  at(slot).stopped = false;
  at(slot).since_ms = now_ms;
}

bool watchdog::hangs(int slot, const vital_signs& seen, std::uint64_t now_ms) {
  entry& worker = at(slot);
  if (!worker.watched) return false;
  if (!worker.stopped && (seen.waiting || seen.rounds != worker.rounds)) {
    worker.rounds = seen.rounds;
    worker.since_ms = now_ms;
    return false;
  }
  const bool blocks = worker.stopped && seen.holds_up_others;
  const std::uint64_t limit = blocks ? std::min(limit_ms_, blocking_ms) : limit_ms_;
  if (now_ms - worker.since_ms < limit) return false;
  worker.watched = false;
  return true;
}

void watchdog::on_time(std::uint64_t now_ms) {
  if (looked_ms_ != 0 && now_ms - looked_ms_ > interval_ms() + late_ms) {
    for (entry& worker : entries_) worker.since_ms = now_ms;
  }
  looked_ms_ = now_ms;
}

std::optional<std::uint64_t> watchdog::next_wake_ms() const {
  const bool any = std::any_of(entries_.begin(), entries_.end(), [](const entry& worker) { return worker.watched; });
  return any ? std::optional(looked_ms_ + interval_ms()) : std::nullopt;
}

std::uint64_t watchdog::interval_ms() const {
  constexpr std::uint64_t looks = 8;  // in the time of the limit
  const std::uint64_t interval = std::max<std::uint64_t>(limit_ms_ / looks, 1);
  return is_any_stopped() ? std::min(interval, blocking_ms / looks) : interval;
}

bool watchdog::is_any_stopped() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const entry& worker) { return worker.stopped; });
}

}  // namespace procpool::supervisor
