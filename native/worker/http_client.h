#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "worker/connection.h"
#include "worker/http/parser.h"

namespace procpool::worker {

/// A client of the HTTP handler.
struct http_client : connection {
  enum class phase : std::uint8_t {
    reading,     // a request, or nothing yet
    queued,      // its body waits until stdout takes it
    streaming,   // its body, too long to be gathered, goes to stdout as it comes
    delivering,  // its body is on its way to stdout
    replying,    // its socket does not take the whole answer
    lingering,   // nothing more is heeded: its last answer shall not be lost
  };

  phase now = phase::reading;
  bool ingests = false;                // the request's body is for stdout
  bool timed = false;                  // its time runs
  bool last = false;                   // the connection ends with the answer
  bool broken = false;                 // what follows on the connection is no request
  bool interim = false;                // the answer that is being sent is not the final one
  bool served = false;                 // a request has been answered
  std::uint64_t began = 0;             // what `received` was before the request
  std::uint64_t seen = 0;              // bytes of its body
  std::uint64_t turn = 0;              // tells its place in the handler's queues from one that it had before
  std::optional<http::parser> parser;  // from its first byte on
  std::string body;                    // as far as it is gathered
  std::string inbox;                   // what has been read and not looked at, from inbox_at on
  std::size_t inbox_at = 0;
  std::string outbox;  // what its socket has not taken, from outbox_at on
  std::size_t outbox_at = 0;

  [[nodiscard]] std::uint64_t held() const { return body.size(); }
};

}  // namespace procpool::worker
