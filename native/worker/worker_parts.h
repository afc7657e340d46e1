#pragma once

#include <cstdint>
#include <span>

#include "event/poller.h"
#include "ipc/stats_page.h"
#include "worker/connections/deadlines.h"
#include "worker/connections/worker_clock.h"
#include "worker/output/output.h"
#include "worker/output/record_writer.h"
#include "worker/shortage.h"
#include "worker/shutdown.h"
#include "worker/worker.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// What the loop, the acceptor and the services of a worker have in common. Worker, one each; outlives them.
struct worker_parts {
  /// Throws sys_error.
  worker_parts(worker_setup& setup, worker_log& log, int output_fd, output_kind kind, sharing how);

  const ipc::pool_config& config;
  ipc::pool_page& page;
  ipc::worker_slot& stats;
  ipc::slot_processes& vitals;
  worker_state& state;
  std::span<char> long_record;
  worker_log& log;
  event::poller poller;
  worker_clock clock;
  worker::deadlines deadlines;
  worker::shutdown& shutdown;
  worker::shortage shortage;
  worker::output output;
  record_writer writer;
  std::uint64_t reads = 0;  // of the present round
};

}  // namespace procpool::worker
