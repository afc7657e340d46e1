#pragma once

#include <cstdint>
#include <string_view>

#include "worker/http/host.h"
#include "worker/http/request.h"
#include "worker/http/word.h"

namespace procpool::worker::http {

/// The header fields that say where a message ends and what becomes of its connection. Anything that
/// another reader could understand otherwise is refused. Pure.
class known_fields {
 public:
  /// A field begins. `name` is in lower case.
  int start(std::string_view name, request& into);
  /// Trailer fields are dropped; what frames a message comes too late there: RFC 9110 section 6.5.1.
  int start_in_trailer(std::string_view name);

  /// Some of its value, white space included.
  int take(std::string_view value, request& into);

  /// The field ends.
  int end(request& into);

  /// The header section ends. Syntax has been checked by now, so that it comes first.
  int decide(const limits& limit, request& into) const;

 private:
  enum class field : std::uint8_t {
    ignored,
    host,
    length,
    encoding,
    content_encoding,
    range,
    connection,
    expect,
    origin,
    asked_method,
  };
  enum class coding : std::uint8_t { none, chunked, unknown };

  [[nodiscard]] static field find(std::string_view name);

  int take(char byte, request& into);
  int take_digit(char byte, request& into);
  int take_element(char byte, bool after_white, request& into);
  int end_element(request& into);
  int end_coding(request& into);

  field field_ = field::ignored;
  bool begun_ = false;  // the value, or this element of a list
  bool white_ = false;  // white space after its beginning
  word<14> word_;       // the value, or this element: in lower case
  coding coding_ = coding::none;
  bool host_ = false;
  host_and_port host_value_;
  bool too_long_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool expects_more_ = false;  // than 100-continue
  bool range_ = false;
  bool origin_ = false;
  bool asked_method_ = false;
};

}  // namespace procpool::worker::http
