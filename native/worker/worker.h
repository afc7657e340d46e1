#pragma once

#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"

namespace procpool::worker {

/// What a worker is given at its fork. It owns the listener and its channel ends; the page's mapping
/// and the configuration stay in place, as copies of the supervisor's memory.
struct worker_setup {
  int id;  // its slot
  const ipc::pool_config& config;
  ipc::pool_page& page;
  int listener;
  int write_wakeup;  // see ipc::write_lock
  ipc::channel supervisor_channel;
  ipc::channel log_channel;
};

/// A worker process from its fork to its exit status: 0 after a drain, 1 if it could not start
/// or a body was cut off at its end.
int run_worker(worker_setup setup);

}  // namespace procpool::worker
