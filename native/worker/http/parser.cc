#include "worker/http/parser.h"

#include <algorithm>
#include <cstddef>

#include "worker/http/refusal.h"

namespace procpool::worker::http {

step parser::next(const char*& from, const char* to) {
  outcome result;
  while (!result) result = dispatch(from, to);
  return *result;
}

parser::outcome parser::dispatch(const char*& from, const char* to) {
  switch (phase_) {
    case phase::idle:
    case phase::empty_line_end:
    case phase::request_line_start:
      return skip_empty_line(from, to);
    case phase::request_line:
      return read_request_line(from, to);
    case phase::header:
      return read_header(from, to);
    case phase::data:
      return read_data(from, to);
    case phase::chunk_line:
      return read_chunk_line(from, to);
    case phase::trailer:
      return read_trailer(from, to);
    case phase::done:
      reset();
      return std::nullopt;
    case phase::failed:
      return step::failed;
  }
  return step::failed;
}

// One, as RFC 9112 section 2.2 asks: old clients send it after a body.
parser::outcome parser::skip_empty_line(const char*& from, const char* to) {
  if (from == to) return step::more;
  if (phase_ == phase::empty_line_end) {
    if (*from++ != '\n') return stop(bad_request_line);
    phase_ = phase::request_line_start;
  } else if (phase_ == phase::idle && *from == '\r') {
    ++from;
    phase_ = phase::empty_line_end;
  } else {
    rest_left_ = limits_->head_bytes;
    part_.emplace<request_line>(*limits_);
    phase_ = phase::request_line;
  }
  return std::nullopt;
}

parser::outcome parser::read_request_line(const char*& from, const char* to) {
  auto& line = *std::get_if<request_line>(&part_);
  const int result = limited(from, to, [&](const char* end) { return line.read(from, end, request_); });
  if (result != complete) return stop(result);
  part_.emplace<field_section>(field_section::kind::header);
  phase_ = phase::header;
  return std::nullopt;
}

parser::outcome parser::read_header(const char*& from, const char* to) {
  auto& fields = *std::get_if<field_section>(&part_);
  const int result = limited(from, to, [&](const char* end) { return fields.read(from, end, *limits_, request_); });
  if (result != complete) return stop(result);
  remaining_ = request_.length;
  phase_ = phase::data;
  if (request_.chunked) {
    rest_left_ = limits_->head_bytes;
    start_chunk(chunk_line::place::first);
  }
  return step::head;
}

parser::outcome parser::read_data(const char*& from, const char* to) {
  if (remaining_ == 0) {
    if (!request_.chunked) return finish();
    start_chunk(chunk_line::place::after_data);
    return std::nullopt;
  }
  if (from == to) return step::more;
  const auto size = std::min<std::uint64_t>(static_cast<std::uint64_t>(to - from), remaining_);
  data_ = {from, static_cast<std::size_t>(size)};
  from += size;
  remaining_ -= size;
  return step::body;
}

parser::outcome parser::read_chunk_line(const char*& from, const char* to) {
  auto& line = *std::get_if<chunk_line>(&part_);
  const int result = line.read(from, to, limits_->body_bytes - request_.length, rest_left_);
  if (result != complete) return stop(result);
  remaining_ = line.size();
  request_.length += remaining_;
  if (remaining_ > 0) {
    phase_ = phase::data;
  } else {
    part_.emplace<field_section>(field_section::kind::trailer);
    phase_ = phase::trailer;
  }
  return std::nullopt;
}

parser::outcome parser::read_trailer(const char*& from, const char* to) {
  auto& fields = *std::get_if<field_section>(&part_);
  const int result = limited(from, to, [&](const char* end) { return fields.read(from, end, *limits_, request_); });
  return result == complete ? finish() : stop(result);
}

// A part that fills what is left of the head without its end is too large, whether more has come or not.
template <typename Read>
int parser::limited(const char*& from, const char* to, Read read) {
  const char* const begin = from;
  const int result = read(from + std::min<std::size_t>(static_cast<std::size_t>(to - from), rest_left_));
  rest_left_ -= static_cast<std::uint32_t>(from - begin);
  return result == incomplete && rest_left_ == 0 ? fields_too_large : result;
}

void parser::start_chunk(chunk_line::place where) {
  part_.emplace<chunk_line>(where);
  phase_ = phase::chunk_line;
}

step parser::finish() {
  phase_ = phase::done;
  return step::done;
}

step parser::stop(int result) {
  if (result == incomplete) return step::more;
  refused_ = static_cast<std::int8_t>(result);
  phase_ = phase::failed;
  return step::failed;
}

}  // namespace procpool::worker::http
