#pragma once

#include <sys/types.h>

#include <string>

#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"

namespace procpool::addon {

/// A supervisor that runs, seen from the host, which has to reap it.
struct launched {
  pid_t pid;
  ipc::channel control;
  ipc::channel log;
};

/// Starts `executable` as the supervisor, with `output` as its stdout, an empty environment and
/// default signals, all blocked, and hands it its configuration, the listener and the stats page: all three
/// descriptors stay the caller's. Throws sys_error; then nothing is left running.
launched launch(const std::string& executable, int output, const ipc::pool_config& config, int listener,
                int stats_page);

/// Reaps the supervisor when it ends, in a thread of its own: nobody may wait for the drain (the library stays loaded,
/// see binding.gyp).
void reap_later(pid_t supervisor);

}  // namespace procpool::addon
