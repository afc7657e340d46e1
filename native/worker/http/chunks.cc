#include "worker/http/chunks.h"

#include "worker/http/chars.h"
#include "worker/http/refusal.h"

namespace procpool::worker::http {

namespace {

constexpr std::uint8_t max_digits = 16;

}  // namespace

int chunk_line::read(const char*& from, const char* to, std::uint64_t room, std::uint32_t& extension_left) {
  while (from != to) {
    if (state_ >= state::name_start && state_ <= state::quoted_end && extension_left-- == 0) return fields_too_large;
    const int result = take(*from++, room);
    if (result != incomplete) return result;
  }
  return incomplete;
}

int chunk_line::take(char byte, std::uint64_t room) {
  switch (state_) {
    case state::data_cr:
      return go(byte == '\r', state::data_lf);
    case state::data_lf:
      return go(byte == '\n', state::size);
    case state::size:
      return take_digit(byte, room);
    case state::line_end:
      return byte == '\n' ? complete : bad_chunk;
    default:
      return take_extension(byte);
  }
}

int chunk_line::take_digit(char byte, std::uint64_t room) {
  const int digit = chars::hexadecimal(byte);
  if (digit < 0) return digits_ == 0 ? bad_chunk : end_part(byte);
  if (digits_ == max_digits) return content_too_large;
  ++digits_;
  size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
  return size_ > room ? content_too_large : incomplete;
}

int chunk_line::take_extension(char byte) {
  const bool token = chars::in(chars::token, byte);
  switch (state_) {
    case state::name_start:
      return go(token, state::name);
    case state::name:
      if (byte == '=') return go(true, state::value_start);
      return token ? incomplete : end_part(byte);
    case state::value_start:
      return byte == '"' ? go(true, state::quoted) : go(token, state::value);
    case state::value:
      return token ? incomplete : end_part(byte);
    case state::quoted:
      if (byte == '"') return go(true, state::quoted_end);
      return byte == '\\' ? go(true, state::quoted_pair) : go(chars::in(chars::quoted, byte), state::quoted);
    case state::quoted_pair:
      return go(chars::in(chars::field_value, byte), state::quoted);
    default:
      return end_part(byte);
  }
}

int chunk_line::go(bool valid, state after) {
  state_ = after;
  return valid ? incomplete : bad_chunk;
}

int chunk_line::end_part(char byte) {
  return byte == ';' ? go(true, state::name_start) : go(byte == '\r', state::line_end);
}

}  // namespace procpool::worker::http
