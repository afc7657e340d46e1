#include "supervisor/reopening.h"

#include <algorithm>
#include <utility>

namespace procpool::supervisor {

void reopening::begin(std::uint32_t order, std::span<const int> workers) {
  order_ = order;
  for (const int slot : workers) {
    seat& worker = at(slot);
    if (worker.now == stage::asked) {
      worker.outdated = true;
    } else {
      if (worker.now == stage::current) ++behind_;
      worker = {.now = stage::behind};
    }
  }
}

std::optional<int> reopening::next(std::uint64_t now_ms) const {
  if (behind_ == 0) return std::nullopt;
  const auto found = std::find_if(seats_.begin(), seats_.end(), [now_ms](const seat& worker) {
    return worker.now == stage::behind && worker.wake_ms <= now_ms;
  });
  if (found == seats_.end()) return std::nullopt;
  return static_cast<int>(found - seats_.begin());
}

std::optional<std::uint64_t> reopening::next_wake_ms() const {
  std::optional<std::uint64_t> next;
  if (behind_ == 0) return next;
  for (const seat& worker : seats_) {
    if (worker.now == stage::behind) next = std::min(next.value_or(worker.wake_ms), worker.wake_ms);
  }
  return next;
}

void reopening::asked(int slot) { at(slot) = {.now = stage::asked}; }

void reopening::put_off(int slot, std::uint64_t until_ms) {
  if (at(slot).now != stage::current) at(slot) = {.now = stage::behind, .wake_ms = until_ms};
}

void reopening::changed(int slot) {
  seat& worker = at(slot);
  if (worker.now != stage::asked) return;
  if (worker.outdated) {
    worker = {.now = stage::behind};
  } else {
    ended(slot);
  }
}

void reopening::ended(int slot) {
  if (std::exchange(at(slot), {}).now != stage::current) --behind_;
}

std::optional<std::uint32_t> reopening::finished() {
  return behind_ == 0 ? std::exchange(order_, std::nullopt) : std::nullopt;
}

}  // namespace procpool::supervisor
