#include "supervisor/dispatcher.h"

#include <algorithm>

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
    if (holds_up(candidate, now_ms)) return std::nullopt;
    if (!candidate.taken || candidate.token) continue;
    candidate.token = true;
    candidate.given_ms = now_ms;
    turn_ = (index + 1) % seats_.size();
    return static_cast<int>(index);
  }
  return std::nullopt;
}

void dispatcher::reported(int worker) {
  const auto index = static_cast<std::size_t>(worker);
  if (index < seats_.size()) seats_[index].token = false;
}

std::size_t dispatcher::in_flight(std::uint64_t now_ms) const {
  return static_cast<std::size_t>(
      std::count_if(seats_.begin(), seats_.end(), [now_ms](const seat& one) { return holds_up(one, now_ms); }));
}

std::optional<std::uint64_t> dispatcher::next_overdue_ms(std::uint64_t now_ms) const {
  std::optional<std::uint64_t> next;
  for (const seat& one : seats_) {
    if (!holds_up(one, now_ms)) continue;
    const std::uint64_t due = one.given_ms + patience_ms;
    next = std::min(next.value_or(due), due);
  }
  return next;
}

}  // namespace procpool::supervisor
