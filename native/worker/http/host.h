#pragma once

#include <cstdint>

#include "worker/http/chars.h"

namespace procpool::worker::http {

/// A host and, if it likes, a port, byte by byte: uri-host [ ":" port ], RFC 9110 section 4.2 and RFC 3986 section
/// 3.2. Neither an empty host nor userinfo. Pure.
class host_and_port {
 public:
  /// False: no such byte may stand there.
  bool take(char byte) {
    switch (state_) {
      case state::start:
        if (byte == '[') return go(state::literal_start);
        return chars::in(chars::host, byte) && go(state::name);
      case state::name:
        return byte == ':' ? go(state::port) : chars::in(chars::host, byte);
      case state::literal_start:
        return chars::in(chars::literal, byte) && go(state::literal);
      case state::literal:
        return byte == ']' ? go(state::literal_end) : chars::in(chars::literal, byte);
      case state::literal_end:
        return byte == ':' && go(state::port);
      case state::port:
        return chars::digit(byte);
    }
    return false;
  }

  [[nodiscard]] bool complete() const {
    return state_ == state::name || state_ == state::literal_end || state_ == state::port;
  }

 private:
  enum class state : std::uint8_t { start, name, literal_start, literal, literal_end, port };

  bool go(state after) {
    state_ = after;
    return true;
  }

  state state_ = state::start;
};

}  // namespace procpool::worker::http
