#pragma once

#include <sys/types.h>

#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"

namespace procpool::supervisor {

/// What all workers share with their supervisor. Borrowed, all of it.
struct shared_state {
  const ipc::pool_config& config;
  ipc::pool_page& page;
  int listener;
  int log_channel;
  int write_wakeup;  // -1: the workers need none
};

struct spawned {
  pid_t pid;
  ipc::channel channel;  // the supervisor's end
};

/// Forks a worker; nothing else forks. The child closes every descriptor that it does not need (among
/// them the supervisor's end of its channel, and its siblings' channels), asks for a signal when the
/// supervisor dies, runs the worker and never returns. Throws sys_error in the supervisor.
spawned spawn(int slot, const shared_state& shared);

}  // namespace procpool::supervisor
