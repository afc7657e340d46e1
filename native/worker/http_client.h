#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "worker/connection.h"
#include "worker/http/parser.h"

namespace procpool::worker {

/// Empties it, and frees what it held.
inline void discard(std::string& text) { std::string().swap(text); }

/// A body as far as it is gathered. Counts in the worker's sum of such bytes as long as it is held.
class gathered_body {
 public:
  gathered_body() = default;
  ~gathered_body() { clear(); }
  gathered_body(const gathered_body&) = delete;
  gathered_body& operator=(const gathered_body&) = delete;

  /// `sum` must outlive it, and always be the same.
  void add(std::span<const char> data, std::size_t& sum) {
    bytes_.append(data.data(), data.size());
    sum_ = &sum;
    sum += data.size();
  }

  void clear() {
    if (sum_ != nullptr) *sum_ -= bytes_.size();
    discard(bytes_);
    sum_ = nullptr;
  }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::span<const char> bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t* sum_ = nullptr;
};

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
  bool more = false;                   // what follows the request has come too
  bool served = false;                 // a request has been answered
  std::uint64_t began = 0;             // what `received` was before the request
  std::uint64_t seen = 0;              // bytes of its body
  std::uint64_t mark = 0;              // what is delivered with its body
  std::uint64_t place_number = 0;      // of its place in a queue
  std::optional<http::parser> parser;  // from its first byte on
  gathered_body body;                  // as far as it is gathered
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
  [[nodiscard]] std::uint64_t owing() const { return now == phase::queued && !parser->started() ? body.size() : 0; }
};

}  // namespace procpool::worker
