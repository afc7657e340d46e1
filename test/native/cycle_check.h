#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace procpool::testing {

/// Checks gigabytes that came from 64 senders, of which each repeats four values of its own. A byte's upper six bits
/// name its sender, the lower two its place.
class cycle_check {
 public:
  static constexpr std::size_t senders = 64;

  void add(std::span<const std::uint8_t> chunk);

  [[nodiscard]] const std::array<double, senders>& counts() const { return counts_; }
  [[nodiscard]] double total() const;
  /// Bytes that were not the next of their sender's.
  [[nodiscard]] std::uint64_t disorder() const { return disorder_; }

 private:
  std::array<std::uint8_t, senders> next_{};
  std::array<double, senders> counts_{};
  std::uint64_t disorder_ = 0;
};

}  // namespace procpool::testing
