#pragma once

#include <cstdint>
#include <type_traits>

namespace procpool::event {

/// Counts how often a slot has been used anew, so that an event of what was there before is told from
/// one of what is there now. Wraps after 2^24 uses: a stale event does not outlive one round of a loop.
class generation {
 public:
  static constexpr std::uint32_t mask = 0xff'ffff;

  constexpr generation() = default;
  constexpr explicit generation(std::uint32_t value) : value_(value & mask) {}

  constexpr void advance() { value_ = (value_ + 1) & mask; }
  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }
  friend constexpr bool operator==(generation, generation) = default;

 private:
  std::uint32_t value_ = 0;
};

/// What a poller says of the descriptor that an event is for: its kind, of which each loop has an
/// enum of its own; which of that kind, by its index in the loop's table; and the generation of that
/// slot. The receiver compares the generation with the slot's and drops the event if they differ.
/// Packed into the 64 bits of epoll_data_t: kind 8, generation 24, index 32. Pure.
template <typename Kind>
struct event_tag {
  static_assert(std::is_enum_v<Kind> && sizeof(Kind) == 1);

  Kind kind{};
  std::uint32_t index = 0;
  event::generation generation{};

  [[nodiscard]] constexpr std::uint64_t pack() const {
    return static_cast<std::uint64_t>(kind) << 56 | std::uint64_t{generation.value()} << 32 | index;
  }

  [[nodiscard]] static constexpr event_tag unpack(std::uint64_t data) {
    return {static_cast<Kind>(data >> 56), static_cast<std::uint32_t>(data),
            event::generation(static_cast<std::uint32_t>(data >> 32))};
  }

  friend constexpr bool operator==(const event_tag&, const event_tag&) = default;
};

}  // namespace procpool::event
