#pragma once

#include <cstdint>
#include <optional>

#include "worker/connections/byte_buffer.h"
#include "worker/connections/connection.h"
#include "worker/handlers/http_body.h"
#include "worker/handlers/http_pace.h"
#include "worker/http/parser.h"

namespace procpool::worker {

/// A client of the HTTP handler.
struct http_client : connection, pace::entry {
  enum class phase : std::uint8_t {
    reading,     // a request, or nothing yet
    queued,      // its body waits until stdout takes it
    delivering,  // its body is on its way to stdout
    replying,    // its socket does not take the whole answer
    lingering,   // has its last answer; what it still sends is read and dropped
  };

  http_client() = default;
  using connection::connection;

  phase now = phase::reading;
  bool ingests = false;                // the request's body is for stdout
  bool timed = false;                  // its time runs
  bool body_begun = false;             // some of the request's body has come
  bool last = false;                   // the connection ends with the answer
  bool broken = false;                 // what follows on the connection is no request
  bool interim = false;                // the answer that is being sent is not the final one
  bool more = false;                   // what follows the request has come too
  bool served = false;                 // a request has been answered
  std::uint64_t began = 0;             // what `received` was before the request
  std::uint64_t body_bytes = 0;        // bytes of its body
  std::uint64_t end_offset = 0;        // what is delivered with its body
  std::uint64_t waits_since_ns = 0;    // for stdout, queued or delivering
  std::uint64_t wanted_bytes = 0;      // what body_bytes has to reach by the deadline of its pace; 0: it has none yet
  std::uint64_t ticket_number = 0;     // of its place in a queue; 0: none
  std::optional<http::parser> parser;  // from its first byte on
  http_body body;                      // as far as it has come, or waits for stdout
  byte_buffer inbox;                   // what has been read and not looked at
  byte_buffer outbox;                  // what its socket has not taken

  /// Its place in a queue, unless it has left the queue or another client has come in its slot.
  struct ticket {
    int fd;
    std::uint64_t number;
  };
  /// `last_number`: of all tickets of the worker.
  ticket take_ticket(std::uint64_t& last_number) {
    ticket_number = ++last_number;
    return {fd, ticket_number};
  }
  [[nodiscard]] bool holds(const ticket& held, phase expected) const {
    return now == expected && ticket_number == held.number;
  }

  [[nodiscard]] bool rests() const {
    const bool between = !parser || parser->idle();
    return now == phase::reading && between && !last && inbox.empty() && outbox.empty();
  }

  [[nodiscard]] std::uint64_t held_bytes() const { return body.size(); }
  [[nodiscard]] std::uint64_t undelivered_bytes() const { return now == phase::queued ? body.size() : 0; }
};

}  // namespace procpool::worker
