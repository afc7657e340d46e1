#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

/// What requests are answered with: RFC 9110. Pure: the caller passes the time.
namespace procpool::worker::http {

constexpr std::string_view continue_reply = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr std::string_view no_memory = "the worker is out of memory";
constexpr std::string_view no_room = "there is no room for the body";
constexpr std::string_view output_takes_nothing = "standard output takes nothing";

// For want of memory for more.
constexpr std::string_view bare_no_content = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
constexpr std::string_view bare_unavailable =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";

struct reply {
  int status = 204;
  bool close = false;     // the connection ends with it
  bool http_1_0 = false;  // to such a client it has to be said that the connection stays
  bool head_only = false;
  bool options = false;          // says what methods there are
  bool preflight = false;        // says what browsers may send from elsewhere
  std::string_view origin = {};  // from where browsers may send; empty: nowhere else
  std::string_view content = {};
  std::string_view why = {};  // of an error without content, in a line; empty: its name
  std::string_view type = "text/plain";
};

/// The Date field, written anew when the second changes.
class date_field {
 public:
  /// `now`: seconds since 1970. Valid until the next call.
  std::string_view at(std::time_t now);

 private:
  std::time_t written_ = -1;
  std::string text_;
};

/// Appends it to `text`, with that Date field.
void write(std::string& text, const reply& answer, std::string_view date);

}  // namespace procpool::worker::http
