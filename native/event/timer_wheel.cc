#include "event/timer_wheel.h"

#include <bit>
#include <utility>

namespace procpool::event {

static_assert(sizeof(timer) <= 32);

void timer_wheel::set(timer& one, tick expires) {
  if (one.pending()) {
    // In a callback its place may have passed: it is moved, lest it be taken for due in this same tick.
    if (one.place_ > now_ && one.place_ <= expires) {
      one.expires_ = expires;
      return;
    }
    unlink(one);
  } else {
    ++count_;
  }
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
  timer*& first = head(at);
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
  one.link_ = nullptr;
  if (one.place_ <= position_) return;  // among those that are due
  const coordinates at = locate(one.place_);
  if (head(at) == nullptr) occupied_[at.level] &= ~(std::uint64_t{1} << at.slot);
}

timer* timer_wheel::take_due() {
  for (;;) {
    while (due_ != nullptr) {
      timer& one = *due_;
      unlink(one);
      if (one.expires_ <= now_) {
        --count_;
        return &one;
      }
      link(one);
    }
    const auto at = first_occupied();
    if (!at || place_of(*at) > now_) break;
    position_ = place_of(*at);
    due_ = std::exchange(head(*at), nullptr);
    due_->link_ = &due_;
    occupied_[at->level] &= ~(std::uint64_t{1} << at->slot);
  }
  position_ = now_;
  return nullptr;
}

bool timer_wheel::consistent() const {
  std::size_t found = 0;
  for (std::size_t index = 0; index < heads_.size(); ++index) {
    const coordinates at{index / slots, index % slots};
    const bool occupied = (occupied_[at.level] >> at.slot & 1U) != 0;
    if (occupied != (heads_[index] != nullptr)) return false;
    if (!occupied) continue;
    const tick place = place_of(at);
    if (place <= position_ || locate(place).level != at.level || locate(place).slot != at.slot) return false;
    if (!sound(heads_[index], place, found)) return false;
  }
  return position_ <= now_ && sound(due_, position_, found) && found == count_;
}

/// A list that runs in a circle has a timer with two predecessors, and knows of one.
bool timer_wheel::sound(timer* const& first, tick place, std::size_t& found) const {
  for (timer* const* link = &first; *link != nullptr; link = &(*link)->next_) {
    const timer& one = **link;
    if (one.link_ != link || one.place_ != place || place > one.expires_) return false;
    ++found;
  }
  return true;
}

}  // namespace procpool::event
