#include "supervisor/dispatcher.h"

#include <algorithm>
#include <numeric>

namespace procpool::supervisor {

void dispatcher::add(int worker) {
  const auto index = static_cast<std::size_t>(worker);
  if (index >= seats_.size()) seats_.resize(index + 1);
  seats_[index] = {.taken = true};
}

void dispatcher::remove(int worker) {
  const auto index = static_cast<std::size_t>(worker);
  if (index < seats_.size()) seats_[index] = {};
}

std::optional<int> dispatcher::next(std::uint64_t now_ms) {
  for (std::size_t step = 0; step < seats_.size(); ++step) {
    const std::size_t index = (turn_ + step) % seats_.size();
    seat& candidate = seats_[index];
    if (!candidate.taken || overdue(candidate, now_ms)) continue;
    if (candidate.tokens == max_tokens) return std::nullopt;
    if (candidate.tokens++ == 0) candidate.since_ms = now_ms;
    turn_ = (index + 1) % seats_.size();
    return static_cast<int>(index);
  }
  return std::nullopt;
}

void dispatcher::reported(int worker, std::uint64_t now_ms) {
  const auto index = static_cast<std::size_t>(worker);
  if (index >= seats_.size() || seats_[index].tokens == 0) return;
  --seats_[index].tokens;
  seats_[index].since_ms = now_ms;
}

std::size_t dispatcher::in_flight(std::uint64_t now_ms) const {
  return std::accumulate(seats_.begin(), seats_.end(), std::size_t{0}, [now_ms](std::size_t sum, const seat& one) {
    return overdue(one, now_ms) ? sum : sum + one.tokens;
  });
}

std::optional<std::uint64_t> dispatcher::next_overdue_ms(std::uint64_t now_ms) const {
  std::optional<std::uint64_t> next;
  for (const seat& one : seats_) {
    if (one.tokens == 0 || overdue(one, now_ms)) continue;
    const std::uint64_t due = one.since_ms + patience_ms;
    next = std::min(next.value_or(due), due);
  }
  return next;
}

}  // namespace procpool::supervisor
