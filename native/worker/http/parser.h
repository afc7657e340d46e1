#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "worker/http/chunks.h"
#include "worker/http/fields.h"
#include "worker/http/refusal.h"
#include "worker/http/request.h"
#include "worker/http/request_line.h"

namespace procpool::worker::http {

enum class step : std::uint8_t {
  more,    // all input is consumed
  head,    // the head is complete, see current(); once for each request
  body,    // data() holds a piece of the body
  done,    // the message is complete; what follows is the next request
  failed,  // to be answered with refused(), and the connection to be closed
};

/// Requests of HTTP/1.0 and 1.1 on one connection, however they arrive in pieces: RFC 9110 and 9112,
/// read strictly, so that nobody in front could see other requests than are seen here. Keeps nothing
/// of what it reads but what `request` says. Pure. Worker.
class parser {
 public:
  /// `limit` must outlive it.
  explicit parser(const limits& limit) : limits_(&limit) {}

  /// To be called until it gives `more` or `failed`, which it then gives again and again.
  step next(const char*& from, const char* to);

  [[nodiscard]] const request& current() const { return request_; }
  /// Lies in the input that the last next() was given.
  [[nodiscard]] std::span<const char> data() const { return data_; }
  /// With status 0: has not failed.
  [[nodiscard]] const refusal& refused() const { return refusal_of(refused_); }

  /// Something of a request has come, more than the empty line allowed before it, and not yet all.
  [[nodiscard]] bool started() const { return phase_ > phase::request_line_start && phase_ != phase::done; }

  /// Nothing has come since the last request.
  [[nodiscard]] bool idle() const { return phase_ == phase::idle || phase_ == phase::done; }

  /// What is still to come of a body whose length is known.
  [[nodiscard]] std::uint64_t remaining() const { return request_.has_length ? remaining_ : 0; }
  /// So much of it has been taken elsewhere: at most remaining().
  void skip(std::uint64_t bytes) { remaining_ -= bytes; }

  void reset() { *this = parser(*limits_); }

 private:
  // Up to request_line_start nothing has come but the empty line.
  enum class phase : std::uint8_t {
    idle,
    empty_line_end,
    request_line_start,
    request_line,
    header,
    data,  // of a chunk, or all of the body
    chunk_line,
    trailer,
    done,
    failed,
  };
  using outcome = std::optional<step>;  // none: the next phase has begun

  outcome dispatch(const char*& from, const char* to);
  outcome skip_empty_line(const char*& from, const char* to);
  outcome read_request_line(const char*& from, const char* to);
  outcome read_header(const char*& from, const char* to);
  outcome read_data(const char*& from, const char* to);
  outcome read_chunk_line(const char*& from, const char* to);
  outcome read_trailer(const char*& from, const char* to);

  template <typename Read>
  int limited(const char*& from, const char* to, Read read);
  void start_chunk(chunk_line::place where);
  step finish();
  /// A part is not complete: more has to come, or it is refused.
  step stop(int result);

  const limits* limits_;
  request request_;
  std::span<const char> data_;
  std::uint64_t remaining_ = 0;                                                 // of the data
  std::variant<std::monostate, request_line, field_section, chunk_line> part_;  // what is being read, but for data
  std::uint32_t rest_left_ = 0;  // bytes that the rest of the head may have, or what stands beside chunks
  phase phase_ = phase::idle;
  std::int8_t refused_ = 0;
};

}  // namespace procpool::worker::http
