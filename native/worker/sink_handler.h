#pragma once

#include "ipc/stats_page.h"
#include "worker/handler.h"
#include "worker/output.h"

namespace procpool::worker {

/// Delivers what clients send to stdout and answers nothing. Worker.
class sink_handler {
 public:
  using client = connection;

  sink_handler(output& out, ipc::worker_slot& stats) : out_(out), stats_(stats) {}

  /// Reads until the socket is dry, has ended or has had its share of this round. Data that came
  /// before a reset is delivered first: reading goes on until the socket itself says 0 or an error.
  outcome on_readable(connection& from);

  /// Delivers what the stage still holds: keep, stalled or broken.
  outcome flush();

 private:
  output& out_;
  ipc::worker_slot& stats_;
};

static_assert(handler<sink_handler>);

}  // namespace procpool::worker
