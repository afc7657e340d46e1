#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "worker/handlers/handler.h"
#include "worker/handlers/http_answers.h"
#include "worker/handlers/http_bodies.h"
#include "worker/handlers/http_requests.h"

namespace procpool::worker {

/// Takes what is POSTed or PUT, on any path, to stdout, each body in one piece, and answers when
/// stdout has taken all of it: a 2xx means delivered. The bodies of one round are written together.
/// While stdout takes nothing, requests wait, and after a while are refused with 503; whatever else
/// is asked is answered. One request of a connection at a time. What there is no memory for is
/// refused with 503, and ends nothing but its connection. RFC 9110 and 9112. Worker.
class http_handler {
 public:
  using client_type = http_client;

  explicit http_handler(const handler_context<http_client>& context);

  outcome on_readable(http_client& client);
  outcome on_writable(http_client& client);
  outcome on_timeout(http_client& client, ipc::timeout_reason reason);
  [[nodiscard]] bool drained(const http_client& client, const instant& now) const;
  /// Drain timeout reached. True: a body is cut off.
  bool expire(http_client& client) { return bodies_.cut_off(client); }

  /// At the end of each round, and when stdout takes bytes again: delivers, and answers.
  void flush();
  /// In each round: requests that had to wait for their turn, a limited number of them.
  void serve_ready();
  /// There are more of those, or of bodies to write.
  [[nodiscard]] bool busy() const { return !ready_.empty() || (bodies_.busy() && !bodies_.blocked()); }
  /// Bytes of bodies that are to be written and not read from their file yet.
  [[nodiscard]] std::uint64_t unread() const { return bodies_.unread(); }

 private:
  using phase = http_client::phase;

  outcome read(http_client& client);
  outcome take_inbox(http_client& client);
  void make_ready(http_client& client);

  outcome on_due(http_client& client, ipc::timeout_reason reason);
  outcome put_off(http_client& client, ipc::timeout_reason reason, std::uint32_t by_ms);
  outcome keep_waiting(http_client& client, ipc::timeout_reason reason);

  outcome answer_delivered(http_client& client);
  outcome refuse_waiting(http_client& client);

  template <typename Step>
  outcome guarded(http_client& client, Step step);
  outcome out_of_memory(http_client& client);

  clients<http_client>& clients_;
  deadlines& deadlines_;
  std::uint64_t last_ticket_ = 0;
  http_answers answers_;
  http_bodies bodies_;
  http_requests requests_;
  ipc::worker_slot& stats_;
  std::deque<http_client::ticket> ready_;  // clients whose input waits for its turn
  std::array<char, 1 << 16> buffer_;
};

static_assert(record_handler<http_handler>);

}  // namespace procpool::worker
