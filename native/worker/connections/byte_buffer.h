#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace procpool::worker {

/// A client's bytes that wait for something: appended at the end, removed at the beginning. Has memory, the worker's
/// own, only while there are any.
class byte_buffer {
 public:
  byte_buffer() = default;
  ~byte_buffer() = default;
  byte_buffer(byte_buffer&& other) noexcept { swap(other); }
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    byte_buffer(std::move(other)).swap(*this);
    return *this;
  }
  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  /// Throws std::bad_alloc, and has not changed then.
  void append(std::span<const char> data) {
    if (data.empty()) return;
    if (end_ + data.size() > capacity_) grow(size() + data.size());
    std::copy(data.begin(), data.end(), memory_.get() + end_);
    end_ += data.size();
  }

  /// The first ones are gone.
  void remove(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) clear();
  }

  void clear() { byte_buffer().swap(*this); }

  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] std::span<const char> bytes() const { return {memory_.get() + begin_, size()}; }

 private:
  void grow(std::size_t needed) {
    const std::size_t capacity = std::max(needed, 2 * size());
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    const std::span<const char> kept = bytes();
    std::copy(kept.begin(), kept.end(), grown.get());
    end_ = kept.size();
    begin_ = 0;
    capacity_ = capacity;
    memory_ = std::move(grown);
  }

  void swap(byte_buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

  std::unique_ptr<char[]> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace procpool::worker
