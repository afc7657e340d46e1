#pragma once

#include <string>
#include <string_view>

#include "worker/handlers/handler.h"
#include "worker/handlers/http_client.h"
#include "worker/http/reply.h"

namespace procpool::worker {

/// Answers the HTTP handler's clients. What a socket does not take at once waits with its client,
/// which is watched for writing, and of which nothing is read meanwhile. Worker.
class http_answers {
 public:
  explicit http_answers(const handler_context<http_client>& own)
      : config_(own.config), stats_(own.stats), clients_(own.all), deadlines_(own.times) {}

  /// The request's answer. If it is the connection's last, that is to be closed, or lingers until the
  /// client has had time to read it. Where there is no memory for it, the connection ends with 204 if
  /// that was to be the answer, and with 503 else.
  outcome give(http_client& one, http::reply what);

  /// 100 Continue.
  outcome go_on(http_client& one);

  /// A client that has had its last answer goes on sending.
  void linger_on(http_client& one);

  /// When the socket has room again.
  outcome send_rest(http_client& one) { return send(one, {}); }

 private:
  std::string_view write(http_client& one, http::reply& what);
  outcome send(http_client& one, std::string_view text);
  outcome sent(http_client& one);
  outcome leave(http_client& one);

  const ipc::pool_config& config_;
  ipc::worker_slot& stats_;
  clients<http_client>& clients_;
  deadlines& deadlines_;
  http::date_field date_;
  std::string reply_;
};

}  // namespace procpool::worker
