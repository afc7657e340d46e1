#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace procpool::event {

/// A point in time, in whatever unit and since whenever the caller counts.
using tick = std::uint64_t;

/// Something that can time out, as a base class or a member. Must not be destroyed while pending.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  ~timer() = default;

  [[nodiscard]] bool pending() const { return slot_tick_ != 0; }
  [[nodiscard]] tick expires() const { return expires_; }

 private:
  friend class timer_wheel;

  timer* next_ = nullptr;
  timer** link_ = nullptr;  // what points here
  tick expires_ = 0;
  tick slot_tick_ = 0;  // when its slot comes up, or 0
};

/// A hierarchical timing wheel: adding, renewing and cancelling a timer takes the same short time
/// however many there are. A slot of one level spans a whole turn of the level below, and its timers
/// are spread over that level when the slot comes up; there are levels for every 64-bit tick, so that
/// no timer is too far away. Worker: its idle connections, closed in the tick after a
/// round's I/O. Pure: the caller passes the time. Does not own its timers, allocates nothing.
/// See Varghese & Lauck, "Hashed and hierarchical timing wheels", SOSP 1987.
class timer_wheel {
 public:
  /// A timer that is set to it does not expire.
  static constexpr tick never = std::numeric_limits<tick>::max();

  explicit timer_wheel(tick now = 0) : now_(std::min(now, never - 1)), position_(now_) {}
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;
  ~timer_wheel() = default;

  /// Adds the timer, or renews it. What is set to a tick that has passed expires at the next one.
  /// A renewal to a later tick only stores it: the timer is moved when its slot comes up, so that
  /// renewing on every read costs next to nothing (the idea is ratas').
  void set(timer& entry, tick expires) {
    // Fast path for every read: touches nothing but the timer. Within advance() the timer's slot may
    // have come up already; then it has to be moved, or it would expire in this same tick.
    if (entry.slot_tick_ > now_ && entry.slot_tick_ <= expires) {
      entry.expires_ = expires;
    } else {
      move(entry, expires);
    }
  }

  void cancel(timer& entry);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] tick now() const { return now_; }

  /// When to call advance(). Nothing expires earlier; if only renewed timers are in that slot, nothing expires then.
  [[nodiscard]] std::optional<tick> next() const;

  /// Calls expire(timer&) for each timer that is due, in no particular order. The timer is no longer
  /// pending; the callback may set or cancel any timer, and destroy the expired timer. Does nothing if
  /// `now` is not later than now().
  template <typename Expire>
  void advance(tick now, Expire expire) {
    if (now <= now_) return;
    now_ = std::min(now, never - 1);
    while (timer* const due = take_due()) expire(*due);
  }

  /// Whether all invariants hold; looks at every timer. For tests.
  [[nodiscard]] bool consistent() const;

 private:
  static constexpr unsigned slot_bits = 6;
  static constexpr std::size_t slots = std::size_t{1} << slot_bits;
  static constexpr std::size_t levels = (std::numeric_limits<tick>::digits + slot_bits - 1) / slot_bits;

  /// A slot's timers, in any order, in four linked lists: the processor can fetch four timers from
  /// memory at a time, which it cannot along a single list.
  using chains = std::array<timer*, 4>;

  struct coordinates {
    std::size_t level;
    std::size_t slot;
  };

  [[nodiscard]] coordinates locate(tick when) const;
  [[nodiscard]] tick tick_of(coordinates at) const;
  [[nodiscard]] chains& slot(coordinates at) { return slots_[at.level * slots + at.slot]; }
  [[nodiscard]] std::optional<coordinates> first_occupied() const;
  [[nodiscard]] bool sound(const chains& list, tick slot_tick, std::size_t& found) const;

  void move(timer& entry, tick expires);
  void link(timer& entry);
  void unlink(timer& entry);
  timer* take_from_slot();
  bool open_next_slot();
  timer* take_due();

  tick now_;
  tick position_;  // what the slots are relative to; behind now_ within advance() only
  std::size_t count_ = 0;
  std::size_t linked_ = 0;                        // picks the chain to add to
  std::size_t taken_ = 0;                         // picks the chain to take from
  chains due_{};                                  // timers of the slot that came up last
  std::array<std::uint64_t, levels> occupied_{};  // a bit per slot
  std::array<chains, levels * slots> slots_{};
};

}  // namespace procpool::event
