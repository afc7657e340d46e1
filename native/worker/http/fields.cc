#include "worker/http/fields.h"

#include <cstddef>

#include "worker/http/chars.h"
#include "worker/http/refusal.h"

namespace procpool::worker::http {

int field_section::read(const char*& from, const char* to, const limits& limit, request& into) {
  int result = incomplete;
  while (from != to && result == incomplete) {
    switch (state_) {
      case state::line:
        result = start_line(from, limit);
        break;
      case state::name:
        result = read_name(from, to, into);
        break;
      case state::value:
        result = read_value(from, to, into);
        break;
      case state::line_end:
        result = end_line(*from++, into);
        break;
      case state::section_end:
        result = end_section(*from++, limit, into);
        break;
    }
  }
  return result;
}

int field_section::start_line(const char*& from, const limits& limit) {
  if (*from == '\r') {
    ++from;
    state_ = state::section_end;
    return incomplete;
  }
  if (fields_ == limit.headers) return fields_too_large;
  ++fields_;
  name_.clear();
  state_ = state::name;
  return incomplete;
}

// Neither space before the colon nor a folded line: neither has a token's bytes.
int field_section::read_name(const char*& from, const char* to, request& into) {
  const char* const end = chars::skip(chars::token, from, to);
  name_.append(from, end);
  from = end;
  if (from == to) return incomplete;
  if (*from++ != ':' || name_.empty()) return bad_field;
  state_ = state::value;
  name_.lower();
  return kind_ == kind::trailer ? known_.start_in_trailer(name_.view()) : known_.start(name_.view(), into);
}

int field_section::read_value(const char*& from, const char* to, request& into) {
  const char* const end = chars::skip(chars::field_value, from, to);
  const int result = known_.take({from, static_cast<std::size_t>(end - from)}, into);
  from = end;
  if (result != incomplete || from == to) return result;
  state_ = state::line_end;
  return *from++ == '\r' ? incomplete : bad_field;
}

int field_section::end_line(char byte, request& into) {
  state_ = state::line;
  return byte == '\n' ? known_.end(into) : bad_field;
}

int field_section::end_section(char byte, const limits& limit, request& into) {
  if (byte != '\n') return bad_field;
  return kind_ == kind::trailer ? complete : known_.decide(limit, into);
}

}  // namespace procpool::worker::http
