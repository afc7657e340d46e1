#pragma once

#include <cstdint>

namespace procpool::worker::http {

/// The line before a chunk's data, and the line end after the data before: RFC 9112 section 7.1.
/// Extensions are checked and dropped. Stricter than their grammar in one point: white space around
/// ";" and "=" is refused, which only lenient readers let pass, each in its own way. Pure.
class chunk_line {
 public:
  enum class place : bool { first, after_data };

  explicit chunk_line(place where) : state_(where == place::first ? state::size : state::data_cr) {}

  /// `room`: the most that the chunk may hold. `extension_left`: bytes that extensions may still have.
  int read(const char*& from, const char* to, std::uint64_t room, std::uint32_t& extension_left);

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  enum class state : std::uint8_t {
    data_cr,
    data_lf,
    size,
    name_start,
    name,
    value_start,
    value,
    quoted,
    quoted_pair,
    quoted_end,
    line_end,
  };

  int take(char byte, std::uint64_t room);
  int take_digit(char byte, std::uint64_t room);
  int take_extension(char byte);
  int go(bool valid, state after);
  int end_part(char byte);

  std::uint64_t size_ = 0;
  std::uint8_t digits_ = 0;
  state state_;
};

}  // namespace procpool::worker::http
