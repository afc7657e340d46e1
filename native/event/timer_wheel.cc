#include "event/timer_wheel.h"

#include <bit>
#include <utility>

namespace procpool::event {

static_assert(sizeof(timer) <= 32);

void timer_wheel::move(timer& entry, tick expires) {
  cancel(entry);
  ++count_;
  entry.expires_ = std::max(expires, now_ + 1);
  link(entry);
}

void timer_wheel::cancel(timer& entry) {
  if (!entry.pending()) return;
  unlink(entry);
  --count_;
}

std::optional<tick> timer_wheel::next() const {
  const auto at = first_occupied();
  return at ? std::optional(tick_of(*at)) : std::nullopt;
}

/// The level is that of the highest digit (base 64) in which `when` differs from the position. So all
/// occupied slots of a level come up in its present turn, before those of the levels above.
timer_wheel::coordinates timer_wheel::locate(tick when) const {
  const auto level = static_cast<std::size_t>(std::bit_width(when ^ position_) - 1) / slot_bits;
  return {level, (when >> level * slot_bits) % slots};
}

tick timer_wheel::tick_of(coordinates at) const {
  const std::size_t shift = at.level * slot_bits;
  return ((position_ >> shift & ~tick{slots - 1}) | at.slot) << shift;
}

std::optional<timer_wheel::coordinates> timer_wheel::first_occupied() const {
  for (std::size_t level = 0; level < levels; ++level) {
    if (occupied_[level] != 0) return coordinates{level, static_cast<std::size_t>(std::countr_zero(occupied_[level]))};
  }
  return std::nullopt;
}

void timer_wheel::link(timer& entry) {
  const coordinates at = locate(entry.expires_);
  timer*& first = slot(at)[linked_++ % chains().size()];
  entry.slot_tick_ = tick_of(at);
  entry.next_ = first;
  entry.link_ = &first;
  if (first != nullptr) first->link_ = &entry.next_;
  first = &entry;
  occupied_[at.level] |= std::uint64_t{1} << at.slot;
}

void timer_wheel::unlink(timer& entry) {
  *entry.link_ = entry.next_;
  if (entry.next_ != nullptr) entry.next_->link_ = entry.link_;
  const tick slot_tick = std::exchange(entry.slot_tick_, 0);
  if (slot_tick <= position_) return;  // among those that are due
  const coordinates at = locate(slot_tick);
  if (slot(at) == chains{}) occupied_[at.level] &= ~(std::uint64_t{1} << at.slot);
}

timer* timer_wheel::take_due() {
  do {
    while (timer* const entry = take_from_slot()) {
      if (entry->expires_ > now_) {
        link(*entry);
      } else {
        --count_;
        return entry;
      }
    }
  } while (open_next_slot());
  position_ = now_;
  return nullptr;
}

timer* timer_wheel::take_from_slot() {
  for (std::size_t tries = 0; tries < due_.size(); ++tries) {
    timer* const entry = due_[taken_++ % due_.size()];
    if (entry == nullptr) continue;
    unlink(*entry);
    return entry;
  }
  return nullptr;
}

bool timer_wheel::open_next_slot() {
  const auto at = first_occupied();
  if (!at || tick_of(*at) > now_) return false;
  position_ = tick_of(*at);
  due_ = std::exchange(slot(*at), {});
  for (timer*& first : due_) {
    if (first != nullptr) first->link_ = &first;
  }
  occupied_[at->level] &= ~(std::uint64_t{1} << at->slot);
  return true;
}

bool timer_wheel::consistent() const {
  std::size_t found = 0;
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    const coordinates at{index / slots, index % slots};
    const bool occupied = (occupied_[at.level] >> at.slot & 1U) != 0;
    if (occupied != (slots_[index] != chains{})) return false;
    if (!occupied) continue;
    const tick slot_tick = tick_of(at);
    if (slot_tick <= position_ || locate(slot_tick).level != at.level || locate(slot_tick).slot != at.slot)
      return false;
    if (!sound(slots_[index], slot_tick, found)) return false;
  }
  return position_ <= now_ && sound(due_, position_, found) && found == count_;
}

/// Ends even for a chain that runs in a circle: there a timer has two predecessors, and its link_ names only the first.
bool timer_wheel::sound(const chains& list, tick slot_tick, std::size_t& found) const {
  for (timer* const& first : list) {
    for (timer* const* link = &first; *link != nullptr; link = &(*link)->next_) {
      const timer& entry = **link;
      if (entry.link_ != link || entry.slot_tick_ != slot_tick || slot_tick > entry.expires_) return false;
      ++found;
    }
  }
  return true;
}

}  // namespace procpool::event
