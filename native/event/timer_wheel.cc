#include "event/timer_wheel.h"

#include <bit>
#include <utility>

namespace procpool::event {

static_assert(sizeof(timer) <= 32);

void timer_wheel::move(timer& one, tick expires) {
  cancel(one);
  ++count_;
  one.expires_ = std::max(expires, now_ + 1);
  link(one);
}

void timer_wheel::cancel(timer& one) {
  if (!one.pending()) return;
  unlink(one);
  --count_;
}

std::optional<tick> timer_wheel::next() const {
  const auto at = first_occupied();
  return at ? std::optional(place_of(*at)) : std::nullopt;
}

/// The level is that of the highest digit that differs from the position's. So a level's occupied
/// slots all come up in this turn of it, and before those of the levels above.
timer_wheel::coordinates timer_wheel::locate(tick when) const {
  const auto level = static_cast<std::size_t>(std::bit_width(when ^ position_) - 1) / slot_bits;
  return {level, (when >> level * slot_bits) % slots};
}

tick timer_wheel::place_of(coordinates at) const {
  const std::size_t shift = at.level * slot_bits;
  return ((position_ >> shift & ~tick{slots - 1}) | at.slot) << shift;
}

std::optional<timer_wheel::coordinates> timer_wheel::first_occupied() const {
  for (std::size_t level = 0; level < levels; ++level) {
    if (occupied_[level] != 0) return coordinates{level, static_cast<std::size_t>(std::countr_zero(occupied_[level]))};
  }
  return std::nullopt;
}

void timer_wheel::link(timer& one) {
  const coordinates at = locate(one.expires_);
  timer*& first = slot(at)[linked_++ % chains().size()];
  one.place_ = place_of(at);
  one.next_ = first;
  one.link_ = &first;
  if (first != nullptr) first->link_ = &one.next_;
  first = &one;
  occupied_[at.level] |= std::uint64_t{1} << at.slot;
}

void timer_wheel::unlink(timer& one) {
  *one.link_ = one.next_;
  if (one.next_ != nullptr) one.next_->link_ = one.link_;
  const tick place = std::exchange(one.place_, 0);
  if (place <= position_) return;  // among those that are due
  const coordinates at = locate(place);
  if (slot(at) == chains{}) occupied_[at.level] &= ~(std::uint64_t{1} << at.slot);
}

timer* timer_wheel::take_due() {
  do {
    while (timer* const one = take_from_slot()) {
      if (one->expires_ > now_) {
        link(*one);
      } else {
        --count_;
        return one;
      }
    }
  } while (open_next_slot());
  position_ = now_;
  return nullptr;
}

timer* timer_wheel::take_from_slot() {
  for (std::size_t tries = 0; tries < due_.size(); ++tries) {
    timer* const one = due_[taken_++ % due_.size()];
    if (one == nullptr) continue;
    unlink(*one);
    return one;
  }
  return nullptr;
}

bool timer_wheel::open_next_slot() {
  const auto at = first_occupied();
  if (!at || place_of(*at) > now_) return false;
  position_ = place_of(*at);
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
    const tick place = place_of(at);
    if (place <= position_ || locate(place).level != at.level || locate(place).slot != at.slot) return false;
    if (!sound(slots_[index], place, found)) return false;
  }
  return position_ <= now_ && sound(due_, position_, found) && found == count_;
}

/// A chain that runs in a circle has a timer with two predecessors, and knows of one.
bool timer_wheel::sound(const chains& list, tick place, std::size_t& found) const {
  for (timer* const& first : list) {
    for (timer* const* link = &first; *link != nullptr; link = &(*link)->next_) {
      const timer& one = **link;
      if (one.link_ != link || one.place_ != place || place > one.expires_) return false;
      ++found;
    }
  }
  return true;
}

}  // namespace procpool::event
