#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace procpool::worker {

/// What a worker has read from its clients and stdout has not taken yet: bytes here, and a count of those in its
/// private pipe, which go first. Lies in worker_memory; all zero is empty. Pure: moves no byte of a descriptor's.
struct staging_buffer {
  static constexpr std::size_t capacity = 1 << 18;

  std::uint64_t begin;  // of what is pending in `memory`
  std::uint64_t end;
  std::uint64_t piped;  // in the private pipe
  std::array<char, capacity> memory;

  /// Bytes in all.
  [[nodiscard]] std::size_t pending() const { return end - begin + piped; }
  [[nodiscard]] std::span<const char> bytes() const { return std::span(memory).subspan(begin, end - begin); }

  /// Where the next bytes go. None while the private pipe holds some: they would overtake those.
  [[nodiscard]] std::span<char> space() { return std::span(memory).subspan(end, room()); }
  [[nodiscard]] std::size_t room() const { return piped > 0 ? 0 : capacity - end; }

  /// Copies what there is room for, and returns how much that is; `end` stays where it is.
  std::size_t copy(std::span<const char> data) {
    const std::size_t size = std::min(data.size(), room());
    std::copy_n(data.data(), size, space().data());
    return size;
  }

  /// If all bytes here are gone, the next ones go to the beginning. Also what mends a rewind that was interrupted.
  void rewind() {
    if (begin < end || end + begin == 0) return;
    end = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    begin = 0;
  }
};

}  // namespace procpool::worker
