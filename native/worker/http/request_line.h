#pragma once

#include <cstdint>

#include "worker/http/host.h"
#include "worker/http/request.h"
#include "worker/http/word.h"

namespace procpool::worker::http {

/// RFC 9112 section 3: method, target and version with a single space between them, and CRLF. Pure.
class request_line {
 public:
  explicit request_line(const limits& limit) : target_left_(limit.target_bytes) {}

  int read(const char*& from, const char* to, request& into);

 private:
  enum class state : std::uint8_t {
    method,
    target,    // its first byte
    asterisk,  // complete
    scheme,    // of the absolute form
    first_slash,
    second_slash,
    authority,
    tunnel,  // the authority form
    path,
    rest,  // a query
    version,
  };

  void skip_target(const char*& from, const char* to);
  int take(char byte, request& into);
  int take_method(char byte, request& into);
  int take_target(char byte, request& into);
  int start_target(char byte);
  int take_scheme(char byte);
  int take_slash(char byte, state after);
  int take_authority(char byte);
  int take_path(char byte);
  int end_target(request& into);
  int take_version(char byte, request& into);
  [[nodiscard]] int end_line(request& into) const;

  state state_ = state::method;
  bool known_ = false;
  bool connect_ = false;
  std::uint8_t version_at_ = 0;  // how much of it is read
  std::uint8_t version_ = 0;     // 11: 1.1
  word<32> word_;                // method, scheme or path
  host_and_port authority_;
  std::uint32_t target_left_;  // bytes
};

}  // namespace procpool::worker::http
