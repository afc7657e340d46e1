#pragma once

#include <sys/types.h>

#include <cstddef>

namespace procpool::addon {

/// Kills a worker whose supervisor is gone. It is not the host's child, so that its pid may be another process's by
/// now: its name tells. Host.
void kill_worker(pid_t pid, std::size_t slot);

}  // namespace procpool::addon
