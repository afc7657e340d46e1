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

/// The one place that forks. The child closes every descriptor that is not its own (the supervisor's
/// end of its channel and its siblings' channels among them), asks to be told of the supervisor's
/// death, becomes a worker and never returns from here. Throws sys_error in the supervisor.
spawned spawn(int slot, const shared_state& shared);

}  // namespace procpool::supervisor
