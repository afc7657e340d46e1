#include "worker/http/known_fields.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "worker/http/chars.h"
#include "worker/http/refusal.h"

namespace procpool::worker::http {

known_fields::field known_fields::find(std::string_view name) {
  struct known_name {
    std::string_view name;
    field which;
  };
  static constexpr known_name names[] = {
      {"host", field::host},
      {"content-length", field::length},
      {"transfer-encoding", field::encoding},
      {"content-encoding", field::content_encoding},
      {"content-range", field::range},
      {"connection", field::connection},
      {"expect", field::expect},
      {"origin", field::origin},
      {"access-control-request-method", field::asked_method},
  };
  const auto* const found =
      std::find_if(std::begin(names), std::end(names), [name](const known_name& known) { return known.name == name; });
  return found == std::end(names) ? field::ignored : found->which;
}

// A second Content-Length is refused even where it equals the first, as RFC 9112 section 6.3 allows:
// no client has reason to send two, and where two come, somebody on the way has not understood one.
// Together with Transfer-Encoding it is how requests are smuggled: sections 6.1 and 11.2.
int known_fields::start(std::string_view name, request& into) {
  field_ = find(name);
  begun_ = false;
  white_ = false;
  word_.clear();
  switch (field_) {
    case field::host:
      return std::exchange(host_, true) ? bad_host : incomplete;
    case field::length:
      if (coding_ != coding::none) return length_and_coding;
      return std::exchange(into.has_length, true) ? bad_length : incomplete;
    case field::encoding:
      if (into.has_length) return length_and_coding;
      return into.http_1_0 ? bad_coding : incomplete;
    case field::range:
      range_ = true;
      break;
    case field::origin:
      origin_ = true;
      break;
    case field::asked_method:
      asked_method_ = true;
      break;
    default:
      break;
  }
  return incomplete;
}

int known_fields::start_in_trailer(std::string_view name) {
  const field which = find(name);
  const bool frames = which == field::host || which == field::length || which == field::encoding;
  return frames ? bad_trailer : incomplete;
}

int known_fields::take(std::string_view value, request& into) {
  if (field_ == field::ignored) return incomplete;
  for (const char byte : value) {
    const int result = take(byte, into);
    if (result != incomplete) return result;
  }
  return incomplete;
}

int known_fields::take(char byte, request& into) {
  if (chars::white(byte)) {
    // RFC 9110 section 5.6.3 allows tabs there, but no client sends them and not all readers know of them.
    if (byte == '\t' && field_ == field::length) return bad_length;
    if (byte == '\t' && field_ == field::encoding) return bad_coding;
    white_ = begun_;
    return incomplete;
  }
  begun_ = true;
  const bool after_white = std::exchange(white_, false);
  switch (field_) {
    case field::host:
      return after_white || !host_value_.take(byte) ? bad_host : incomplete;
    case field::length:
      return after_white ? bad_length : take_digit(byte, into);
    case field::encoding:
    case field::content_encoding:
    case field::connection:
    case field::expect:
      return take_element(byte, after_white, into);
    default:
      return incomplete;
  }
}

int known_fields::take_digit(char byte, request& into) {
  if (!chars::digit(byte)) return bad_length;
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const auto digit = static_cast<std::uint64_t>(byte - '0');
  if (into.length > (most - digit) / 10) too_long_ = true;
  if (!too_long_) into.length = into.length * 10 + digit;
  return incomplete;
}

int known_fields::take_element(char byte, bool after_white, request& into) {
  if (byte == ',' && field_ != field::expect) {
    begun_ = false;
    return end_element(into);
  }
  if (after_white) word_.push(' ');
  word_.push(chars::lower(byte));
  return incomplete;
}

int known_fields::end(request& into) {
  switch (field_) {
    case field::host:
      return host_value_.complete() ? incomplete : bad_host;
    case field::length:
      return begun_ ? incomplete : bad_length;
    case field::encoding:
    case field::content_encoding:
    case field::connection:
    case field::expect:
      return end_element(into);
    default:
      return incomplete;
  }
}

int known_fields::end_element(request& into) {
  if (field_ == field::encoding) return end_coding(into);
  if (field_ == field::connection) {
    close_ |= word_.view() == "close";
    keep_alive_ |= word_.view() == "keep-alive";
  } else if (field_ == field::content_encoding) {
    into.encoded |= !word_.empty() && word_.view() != "identity";
  } else if (!word_.empty() && !into.http_1_0) {  // RFC 9110 section 10.1.1: a client of HTTP/1.0 cannot mean it.
    into.expects_continue = true;
    expects_more_ |= word_.view() != "100-continue";
  }
  word_.clear();
  return incomplete;
}

int known_fields::end_coding(request& into) {
  // Chunked must be the last one: RFC 9112 section 6.1.
  if (word_.empty() || into.chunked) return bad_coding;
  if (coding_ == coding::none) {
    into.chunked = word_.view() == "chunked";
    coding_ = into.chunked ? coding::chunked : coding::unknown;
  }
  word_.clear();
  return incomplete;
}

int known_fields::decide(const limits& limit, request& into) const {
  if (!host_ && !into.http_1_0) return bad_host;
  // RFC 9110 section 14.5: a part must not be taken for the whole.
  if (range_ && into.method == method::put) return bad_range;
  if (coding_ == coding::unknown) return unknown_coding;
  if (too_long_ || into.length > limit.body_bytes) return content_too_large;
  if (expects_more_) return expectation_failed;
  into.keep_alive = into.keep_alive && !close_ && (keep_alive_ || !into.http_1_0);
  into.preflight = into.method == method::options && origin_ && asked_method_;
  return complete;
}

}  // namespace procpool::worker::http
