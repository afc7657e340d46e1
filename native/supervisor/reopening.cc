#include "supervisor/reopening.h"

#include <algorithm>
#include <utility>

namespace procpool::supervisor {

void reopening::begin(std::uint32_t order, std::span<const int> workers) {
  order_ = order;
  for (const int slot : workers) {
    entry& worker = at(slot);
    if (worker.now == stage::told) {
      worker.outdated = true;
    } else {
      if (worker.now == stage::current) ++outstanding_;
      worker = {.now = stage::behind};
    }
  }
}

std::optional<int> reopening::next(std::uint64_t now_ms) const {
  if (outstanding_ == 0) return std::nullopt;
  const auto found = std::find_if(entries_.begin(), entries_.end(), [now_ms](const entry& worker) {
    return worker.now == stage::behind && worker.wake_ms <= now_ms;
  });
  if (found == entries_.end()) return std::nullopt;
  return static_cast<int>(found - entries_.begin());
}

std::optional<std::uint64_t> reopening::next_wake_ms() const {
  std::optional<std::uint64_t> next;
  if (outstanding_ == 0) return next;
  for (const entry& worker : entries_) {
    if (worker.now == stage::behind) next = std::min(next.value_or(worker.wake_ms), worker.wake_ms);
  }
  return next;
}

void reopening::told(int slot) { at(slot) = {.now = stage::told}; }

void reopening::postpone(int slot, std::uint64_t until_ms) {
  if (at(slot).now != stage::current) at(slot) = {.now = stage::behind, .wake_ms = until_ms};
}

void reopening::switched(int slot) {
  entry& worker = at(slot);
  if (worker.now != stage::told) return;
  if (worker.outdated) {
    worker = {.now = stage::behind};
  } else {
    ended(slot);
  }
}

void reopening::ended(int slot) {
  if (std::exchange(at(slot), {}).now != stage::current) --outstanding_;
}

std::optional<std::uint32_t> reopening::finished() {
  return outstanding_ == 0 ? std::exchange(order_, std::nullopt) : std::nullopt;
}

}  // namespace procpool::supervisor
