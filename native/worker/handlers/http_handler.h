#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>

#include "worker/handlers/handler.h"
#include "worker/handlers/http_answers.h"
#include "worker/handlers/http_bodies.h"

namespace procpool::worker {

/// Takes what is POSTed or PUT, on any path, to stdout, each body in one piece, and answers when
/// stdout has taken all of it: a 2xx means delivered. The bodies of one round are written together.
/// While stdout takes nothing, requests wait, and after a while are refused with 503; whatever else
/// is asked is answered. One request of a connection at a time. What there is no memory for is
/// refused with 503, and ends nothing but its connection. RFC 9110 and 9112. Worker.
class http_handler {
 public:
  using client = http_client;

  explicit http_handler(const handler_context<client>& own);

  outcome on_readable(client& one);
  outcome on_writable(client& one);
  outcome on_timeout(client& one, ipc::timeout_reason reason);
  [[nodiscard]] bool drained(const client& one, const instant& now) const;
  /// The stop's time is over. True: a body is cut off.
  bool expire(client& one) { return bodies_.cut_off(one); }

  /// At the end of each round, and when what it waits for has come: delivers, and answers.
  outcome flush();
  outcome flush_now() { return flush(); }
  /// In each round: requests that had to wait for their turn, a limited number of them.
  void serve_ready();
  /// There are more of those, or of bodies to write.
  [[nodiscard]] bool busy() const { return !ready_.empty() || (bodies_.busy() && !bodies_.blocked()); }

  [[nodiscard]] wait_condition waits_for() const { return bodies_.waits_for(); }
  [[nodiscard]] std::uint64_t pending() const { return bodies_.pending(); }
  [[nodiscard]] bool at_boundary() const { return bodies_.at_boundary(); }

 private:
  using phase = client::phase;

  // Requests.
  outcome read(client& one);
  outcome take(client& one, const char*& from, const char* to);
  outcome take_inbox(client& one);
  void make_ready(client& one);
  void await_more(client& one);
  outcome on_head(client& one, bool body_is_here);
  outcome on_body(client& one, std::span<const char> data);
  outcome on_done(client& one);
  outcome on_due(client& one, ipc::timeout_reason reason);
  outcome put_off(client& one, ipc::timeout_reason reason, std::uint32_t by_ms);
  outcome keep_waiting(client& one, ipc::timeout_reason reason);

  // Answers.
  outcome answer_get(client& one);
  outcome answer_delivered(client& one);
  outcome refuse(client& one, int status, std::string_view why);
  outcome refuse_waiting(client& one);
  outcome refuse_slow(client& one);
  void settle(client& one, outcome result);

  template <typename Step>
  outcome guarded(client& one, Step step);
  outcome out_of_memory(client& one);

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  ipc::worker_slot& stats_;
  clients<client>& clients_;
  deadlines& deadlines_;
  http_answers answers_;
  std::uint64_t last_place_ = 0;
  http_bodies bodies_;
  http::limits limits_;
  unsigned round_left_;     // requests that this round may still deal with
  std::string stats_text_;  // of this round
  std::deque<client::place> ready_;
  std::array<char, 1 << 16> buffer_;
};

static_assert(gathering_handler<http_handler>);

}  // namespace procpool::worker
