#pragma once

#include "worker/handlers/handler.h"

namespace procpool::worker {

/// Delivers what clients send to stdout and answers nothing. Worker.
class sink_handler {
 public:
  using client_type = connection;

  explicit sink_handler(const handler_context<connection>& context)
      : clients_(context.clients),
        deadlines_(context.deadlines),
        writer_(context.writer),
        pauses_(context.config.batch_delay_us > 0) {}

  /// Reads until the socket is dry, has ended or has had its share of this round. Data that came
  /// before a reset is delivered first: reading goes on until the socket itself says 0 or an error.
  outcome on_readable(connection& client);

  /// At its max age, what has come from a connection is read before it is closed.
  outcome on_timeout(connection& client, ipc::timeout_reason reason);

  [[nodiscard]] bool drained(const connection& client, const instant& now) const;

 private:
  void read_little(connection& client) const;

  worker::clients<connection>& clients_;
  worker::deadlines& deadlines_;
  record_writer& writer_;
  bool pauses_;  // this worker may
};

static_assert(handler<sink_handler>);

}  // namespace procpool::worker
