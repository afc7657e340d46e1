#include "worker/http/request_line.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "worker/http/chars.h"
#include "worker/http/refusal.h"

namespace procpool::worker::http {

namespace {

struct known_method {
  std::string_view name;
  method meaning;
};

// RFC 9110 section 9.1 and RFC 5789. Method names are case-sensitive.
constexpr known_method known_methods[] = {
    {"GET", method::get},     {"HEAD", method::head},       {"POST", method::post},
    {"PUT", method::put},     {"OPTIONS", method::options}, {"DELETE", method::other},
    {"PATCH", method::other}, {"TRACE", method::other},     {"CONNECT", method::other},
};

// A zero stands for any digit.
constexpr std::string_view version_and_end = "HTTP/0.0\r\n";

target target_of(std::string_view path) {
  if (path == "/healthz") return target::healthz;
  return path == "/stats" ? target::stats : target::other;
}

}  // namespace

int request_line::read(const char*& from, const char* to, request& into) {
  while (from != to) {
    if (state_ == state::path || state_ == state::rest) skip_target(from, to);
    if (from == to) break;
    const int result = take(*from++, into);
    if (result != incomplete) return result;
  }
  return incomplete;
}

void request_line::skip_target(const char*& from, const char* to) {
  const char* const most = from + std::min<std::size_t>(static_cast<std::size_t>(to - from), target_left_);
  const bool path = state_ == state::path;
  const char* const end = chars::skip(path ? chars::path : chars::target, from, most);
  if (path) word_.append(from, end);
  target_left_ -= static_cast<std::uint32_t>(end - from);
  from = end;
}

int request_line::take(char byte, request& into) {
  switch (state_) {
    case state::method:
      return take_method(byte, into);
    case state::version:
      return take_version(byte, into);
    default:
      return take_target(byte, into);
  }
}

int request_line::take_method(char byte, request& into) {
  if (chars::in(chars::token, byte)) {
    word_.push(byte);
    return word_.full() ? unknown_method : incomplete;
  }
  if (byte != ' ' || word_.empty()) return bad_request_line;
  const auto* const found = std::find_if(std::begin(known_methods), std::end(known_methods),
                                         [this](const known_method& known) { return known.name == word_.view(); });
  known_ = found != std::end(known_methods);
  if (known_) into.method = found->meaning;
  connect_ = word_.view() == "CONNECT";
  word_.clear();
  state_ = state::target;
  return incomplete;
}

int request_line::take_target(char byte, request& into) {
  if (byte == ' ') return end_target(into);
  if (!chars::in(chars::target, byte)) return bad_target;
  if (target_left_ == 0) return uri_too_long;
  --target_left_;
  switch (state_) {
    case state::target:
      return start_target(byte);
    case state::scheme:
      return take_scheme(byte);
    case state::first_slash:
      return take_slash(byte, state::second_slash);
    case state::second_slash:
      return take_slash(byte, state::authority);
    case state::authority:
      return take_authority(byte);
    case state::tunnel:
      return authority_.take(byte) ? incomplete : bad_target;
    case state::path:
      return take_path(byte);
    case state::rest:
      return incomplete;
    default:
      return bad_target;
  }
}

int request_line::start_target(char byte) {
  if (connect_) {
    state_ = state::tunnel;
    return authority_.take(byte) ? incomplete : bad_target;
  }
  if (byte == '/') {
    state_ = state::path;
    return take_path(byte);
  }
  if (byte == '*') {
    state_ = state::asterisk;
    return incomplete;
  }
  state_ = state::scheme;
  return take_scheme(byte);
}

int request_line::take_scheme(char byte) {
  if (byte != ':') {
    word_.push(chars::lower(byte));
    return word_.full() ? bad_target : incomplete;
  }
  if (word_.view() != "http" && word_.view() != "https") return bad_target;
  word_.clear();
  state_ = state::first_slash;
  return incomplete;
}

int request_line::take_slash(char byte, state after) {
  state_ = after;
  return byte == '/' ? incomplete : bad_target;
}

// Not compared with Host, which it overrides (RFC 9112 section 3.2.2), as all hosts are the same here.
int request_line::take_authority(char byte) {
  if (byte != '/' && byte != '?') return authority_.take(byte) ? incomplete : bad_target;
  if (!authority_.complete()) return bad_target;
  state_ = state::path;
  return take_path(byte);
}

int request_line::take_path(char byte) {
  if (byte != '?') word_.push(byte);
  if (byte == '?') state_ = state::rest;
  return incomplete;
}

int request_line::end_target(request& into) {
  switch (state_) {
    case state::asterisk:
      into.target = target::asterisk;
      break;
    case state::authority:
    case state::tunnel:
      if (!authority_.complete()) return bad_target;
      into.target = target::other;
      break;
    case state::path:
    case state::rest:
      into.target = target_of(word_.view());
      break;
    default:
      return bad_target;
  }
  state_ = state::version;
  return incomplete;
}

int request_line::take_version(char byte, request& into) {
  const char expected = version_and_end[version_at_++];
  if (expected == '0') {
    if (!chars::digit(byte)) return bad_request_line;
    version_ = static_cast<std::uint8_t>(version_ * 10 + (byte - '0'));
  } else if (byte != expected) {
    return bad_request_line;
  }
  return version_at_ == version_and_end.size() ? end_line(into) : incomplete;
}

// The preface of HTTP/2 asks for "*" with a method of its own: its version is what is wrong.
int request_line::end_line(request& into) const {
  // A later minor version is understood as the highest that is known: RFC 9110 section 2.5.
  if (version_ / 10 != 1) return version_not_supported;
  if (!known_) return unknown_method;
  if (into.target == target::asterisk && into.method != method::options) return bad_target;
  into.http_1_0 = version_ == 10;
  // What follows a CONNECT may be meant for the tunnel.
  into.keep_alive = !connect_;
  return complete;
}

}  // namespace procpool::worker::http
