#pragma once

#include <sys/types.h>

#include <cstddef>

#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "worker/worker_memory.h"

namespace procpool::worker {

/// What a worker is given at its fork. It owns the listener and its channel ends; the page's mapping, its own memory
/// and the configuration stay where the supervisor has them.
struct worker_setup {
  int id;  // its slot
  pid_t supervisor;
  const ipc::pool_config& config;
  ipc::pool_page& page;
  worker_memory& memory;
  int listener;
  int write_wakeup;  // see ipc::write_lock
  ipc::channel supervisor_channel;
  ipc::channel log_channel;
  bool resumes = false;  // it takes over from a worker that has died
};

/// What a long record takes up in a worker's memory: see worker_memory. Supervisor.
std::size_t record_bytes(ipc::handler_kind handler);

/// What a connection takes up in a worker's memory: see worker_memory. Supervisor.
std::size_t connection_bytes(ipc::handler_kind handler);

/// A worker process from its fork to its exit status: 0 after a drain, 1 if it could not start
/// or a record was cut off at its end.
int run_worker(worker_setup setup);

}  // namespace procpool::worker
