#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace procpool::worker {

/// What a worker has read from its clients and stdout has not taken yet: bytes here, and a count of those in its
/// private pipe, which go first. Lies in worker_memory; all zero is empty. Pure: moves no byte of a descriptor's.
class staging_buffer {
 public:
  static constexpr std::size_t capacity = 1 << 18;

  /// Bytes in all.
  [[nodiscard]] std::size_t pending() const { return size_ + piped_; }
  [[nodiscard]] std::size_t piped() const { return piped_; }
  [[nodiscard]] std::span<const char> bytes() const { return {bytes_.data() + begin_, size_}; }

  /// Where the next bytes go. None while the private pipe holds some: they would overtake those.
  [[nodiscard]] std::span<char> space() {
    return piped_ > 0 ? std::span<char>() : std::span<char>(bytes_).subspan(begin_ + size_);
  }
  [[nodiscard]] std::size_t room() const { return piped_ > 0 ? 0 : capacity - begin_ - size_; }

  /// So many bytes are in space() now.
  void add(std::size_t bytes) { size_ += bytes; }

  /// Copies what there is room for, and returns how much that is.
  std::size_t append(std::span<const char> data) {
    const std::size_t size = std::min(data.size(), room());
    std::copy_n(data.data(), size, space().data());
    size_ += size;
    return size;
  }

  /// The first bytes are gone.
  void remove(std::size_t bytes) {
    begin_ += bytes;
    size_ -= bytes;
    if (size_ == 0) begin_ = 0;
  }

  /// The private pipe has got, or given away, so many.
  void add_piped(std::size_t bytes) { piped_ += bytes; }
  void remove_piped(std::size_t bytes) { piped_ -= bytes; }

 private:
  std::size_t begin_;  // of what is pending in bytes_
  std::size_t size_;   // from there on
  std::size_t piped_;  // in the private pipe
  std::array<char, capacity> bytes_;
};

}  // namespace procpool::worker
