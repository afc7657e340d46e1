#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "worker/http/chars.h"

namespace procpool::worker::http {

/// A word that comes in pieces and is compared with known ones, all shorter than `Capacity`. Of a
/// longer one only the beginning is kept: it equals none of them.
template <std::size_t Capacity>
class word {
 public:
  void clear() { size_ = 0; }

  void push(char byte) {
    if (!full()) text_[size_++] = byte;
  }

  void append(const char* from, const char* to) {
    const std::size_t size = std::min<std::size_t>(static_cast<std::size_t>(to - from), Capacity - size_);
    std::copy_n(from, size, text_.data() + size_);
    size_ = static_cast<std::uint8_t>(size_ + size);
  }

  void lower() { std::transform(text_.begin(), text_.begin() + size_, text_.begin(), chars::lower); }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == Capacity; }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  static_assert(Capacity <= UINT8_MAX);

  std::uint8_t size_ = 0;
  std::array<char, Capacity> text_{};
};

}  // namespace procpool::worker::http
