#include "supervisor/dispatcher.h"

#include <algorithm>
#include <numeric>

namespace procpool::supervisor {

void dispatcher::add(int slot) {
  const auto index = static_cast<std::size_t>(slot);
  if (index >= entries_.size()) entries_.resize(index + 1);
  entries_[index] = {.ready = true};
}

void dispatcher::remove(int slot) {
  const auto index = static_cast<std::size_t>(slot);
  if (index < entries_.size()) entries_[index] = {};
}

std::optional<int> dispatcher::next(std::uint64_t now_ms) {
  for (std::size_t step = 0; step < entries_.size(); ++step) {
    const std::size_t index = (turn_ + step) % entries_.size();
    entry& candidate = entries_[index];
    if (!candidate.ready || overdue(candidate, now_ms)) continue;
    if (candidate.tokens == max_tokens) return std::nullopt;
    if (candidate.tokens++ == 0) candidate.since_ms = now_ms;
    turn_ = (index + 1) % entries_.size();
    return static_cast<int>(index);
  }
  return std::nullopt;
}

void dispatcher::reported(int slot, std::uint64_t now_ms) {
  const auto index = static_cast<std::size_t>(slot);
  if (index >= entries_.size() || entries_[index].tokens == 0) return;
  --entries_[index].tokens;
  entries_[index].since_ms = now_ms;
}

std::size_t dispatcher::in_flight(std::uint64_t now_ms) const {
  return std::accumulate(
      entries_.begin(), entries_.end(), std::size_t{0},
      [now_ms](std::size_t sum, const entry& worker) { return overdue(worker, now_ms) ? sum : sum + worker.tokens; });
}

std::optional<std::uint64_t> dispatcher::next_overdue_ms(std::uint64_t now_ms) const {
  std::optional<std::uint64_t> next;
  for (const entry& worker : entries_) {
    if (worker.tokens == 0 || overdue(worker, now_ms)) continue;
    const std::uint64_t due = worker.since_ms + patience_ms;
    next = std::min(next.value_or(due), due);
  }
  return next;
}

}  // namespace procpool::supervisor
