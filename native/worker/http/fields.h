#pragma once

#include <cstdint>

#include "worker/http/known_fields.h"
#include "worker/http/request.h"
#include "worker/http/word.h"

namespace procpool::worker::http {

/// The lines of a header or trailer section, up to and including the empty one: RFC 9112 section 5.
/// No line may be folded, no line end may lack its CR. Pure.
class field_section {
 public:
  enum class kind : bool { header, trailer };

  explicit field_section(kind which) : kind_(which) {}

  int read(const char*& from, const char* to, const limits& limit, request& into);

 private:
  enum class state : std::uint8_t { line, name, value, line_end, section_end };

  int start_line(const char*& from, const limits& limit);
  int read_name(const char*& from, const char* to, request& into);
  int read_value(const char*& from, const char* to, request& into);
  int end_line(char byte, request& into);
  int end_section(char byte, const limits& limit, request& into);

  kind kind_;
  state state_ = state::line;
  word<30> name_;
  known_fields known_;
  std::uint32_t fields_ = 0;
};

}  // namespace procpool::worker::http
