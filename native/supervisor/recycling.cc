#include "supervisor/recycling.h"

#include <algorithm>
#include <utility>

namespace procpool::supervisor {

void recycling::began(int slot, std::uint64_t now_ms) {
  done(slot);
  if (lifetime_ms_ > 0) at(slot).due_ms = now_ms + lifetime_ms_;
}

void recycling::ended(int slot) { done(slot); }

void recycling::done(int slot) {
  at(slot) = {};
  std::erase(queue_, slot);
  if (current_ == slot) current_.reset();
}

void recycling::begin(std::uint32_t order, std::span<const int> workers) {
  order_ = order;
  for (const int slot : workers) {
    at(slot).ordered = true;
    if (!std::exchange(at(slot).queued, true)) queue_.push_back(slot);
  }
}

std::optional<int> recycling::next(std::uint64_t now_ms) {
  if (current_) return std::nullopt;
  if (queue_.empty()) {
    const auto due = std::find_if(entries_.begin(), entries_.end(),
                                  [now_ms](const entry& worker) { return worker.due_ms && *worker.due_ms <= now_ms; });
    if (due == entries_.end()) return std::nullopt;
    due->due_ms.reset();
    return current_ = static_cast<int>(due - entries_.begin());
  }
  current_ = queue_.front();
  queue_.pop_front();
  return current_;
}

std::optional<std::uint64_t> recycling::next_wake_ms() const {
  if (current_) return std::nullopt;
  if (!queue_.empty()) return 0;
  std::optional<std::uint64_t> next;
  for (const entry& worker : entries_) {
    if (worker.due_ms) next = std::min(next.value_or(*worker.due_ms), *worker.due_ms);
  }
  return next;
}

std::optional<std::uint32_t> recycling::finished() {
  if (!order_ || std::any_of(entries_.begin(), entries_.end(), [](const entry& worker) { return worker.ordered; })) {
    return std::nullopt;
  }
  return std::exchange(order_, std::nullopt);
}

}  // namespace procpool::supervisor
