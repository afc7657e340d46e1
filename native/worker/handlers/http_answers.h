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
  explicit http_answers(const handler_context<http_client>& context)
      : config_(context.config), stats_(context.stats), clients_(context.clients), deadlines_(context.deadlines) {}

  /// The request's answer. If it is the connection's last, that is to be closed, or lingers until the
  /// client has had time to read it. Where there is no memory for it, the connection ends with 204 if
  /// that was to be the answer, and with 503 else.
  outcome give(http_client& client, http::reply answer);

  /// 100 Continue.
  outcome go_on(http_client& client);

  /// A client that has had its last answer goes on sending.
  void linger_on(http_client& client);

  /// When the socket has room again.
  outcome send_rest(http_client& client) { return send(client, {}); }

 private:
  std::string_view write(http_client& client, http::reply& answer);
  outcome send(http_client& client, std::string_view text);
  outcome sent(http_client& client);
  outcome leave(http_client& client);

  const ipc::pool_config& config_;
  ipc::worker_slot& stats_;
  clients<http_client>& clients_;
  deadlines& deadlines_;
  http::date_field date_;
  std::string reply_;
};

}  // namespace procpool::worker
