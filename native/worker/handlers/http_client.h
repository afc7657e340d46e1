#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "worker/connections/connection.h"
#include "worker/handlers/http_body.h"
#include "worker/handlers/http_pace.h"
#include "worker/http/parser.h"

namespace procpool::worker {

/// Empties it, and frees what it held.
inline void discard(std::string& text) { std::string().swap(text); }

/// A client of the HTTP handler.
struct http_client : connection, pace::entry {
  enum class phase : std::uint8_t {
    reading,     // a request, or nothing yet
    queued,      // its body waits until stdout takes it
    delivering,  // its body is on its way to stdout
    replying,    // its socket does not take the whole answer
    lingering,   // nothing more is heeded: its last answer shall not be lost
  };

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
  std::uint64_t seen = 0;              // bytes of its body
  std::uint64_t mark = 0;              // what is delivered with its body
  std::uint64_t waits_since_ns = 0;    // for stdout, queued or delivering
  std::uint64_t wanted = 0;            // what `seen` has to reach while its pace is watched; 0: it is not yet
  std::uint64_t place_number = 0;      // of its place in a queue
  std::optional<http::parser> parser;  // from its first byte on
  http_body body;                      // as far as it has come, or waits for stdout
  std::string inbox;                   // what has been read and not looked at, from inbox_at on
  std::size_t inbox_at = 0;
  std::string outbox;  // what its socket has not taken, from outbox_at on
  std::size_t outbox_at = 0;

  /// Where a queue finds it, unless it has left the queue or another has come in its place.
  struct place {
    int fd;
    std::uint64_t number;
  };
  /// `last_number`: of all places of the worker.
  place take_place(std::uint64_t& last_number) {
    place_number = ++last_number;
    return {fd, place_number};
  }
  [[nodiscard]] bool is_at(const place& where, phase expected) const {
    return now == expected && place_number == where.number;
  }

  [[nodiscard]] std::uint64_t held() const { return body.size(); }
  [[nodiscard]] std::uint64_t owing() const { return now == phase::queued ? body.size() : 0; }
};

}  // namespace procpool::worker
