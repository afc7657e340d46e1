#pragma once

#include <span>
#include <string>
#include <string_view>

#include "worker/handlers/handler.h"
#include "worker/handlers/http_answers.h"
#include "worker/handlers/http_bodies.h"
#include "worker/handlers/http_client.h"

namespace procpool::worker {

/// Reads the HTTP handler's requests, and does what they ask: bodies go to stdout, anything else is answered. One
/// request of a connection at a time, and a limited number in a round. Worker.
class http_requests {
 public:
  http_requests(const handler_context<http_client>& context, http_answers& answers, http_bodies& bodies);

  void begin_round();
  /// Requests can be dealt with in this round.
  [[nodiscard]] bool has_time() const { return round_left_ > 0; }

  /// Reads requests from `from` on until the input is used up, one of them has to wait, or it is others' turn.
  outcome take(http_client& client, const char*& from, const char* to);

  /// Answers with an error, after which nothing more is read as a request.
  outcome refuse(http_client& client, int status, std::string_view why);
  /// Its body has not come at the least pace, or others need the room.
  outcome refuse_slow(http_client& client);

 private:
  void await_more(http_client& client);
  outcome on_head(http_client& client, bool body_is_here);
  outcome on_body(http_client& client, std::span<const char> data);
  outcome on_done(http_client& client);
  outcome answer_get(http_client& client);

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  ipc::worker_slot& stats_;
  clients<http_client>& clients_;
  deadlines& deadlines_;
  http_answers& answers_;
  http_bodies& bodies_;
  http::limits limits_;
  unsigned round_left_;     // requests that this round may still deal with
  std::string stats_text_;  // of this round
};

}  // namespace procpool::worker
