#pragma once

#include <string>

#include "ipc/socket_file.h"
#include "sys/unique_fd.h"

/// A Unix socket's name in the file system, which pools may share over time. A pool checks, replaces
/// or removes what is there only while it holds a lock on the directory, flock(2), which leaves no
/// file behind. It does without if the directory cannot be opened or locked, or if another process
/// holds the lock for more than a second. Host.
namespace procpool::addon {

/// A socket that listens there, non-blocking. A file at which nobody listens any more is replaced.
/// Throws sys_error.
sys::unique_fd listen_at_path(const std::string& path, int backlog);

/// Removes the file that a pool may have left behind whose processes have exited, or are about to: it
/// waits a little for them. Does nothing if another process listens there by now.
void remove_stale(const ipc::socket_file& file);

}  // namespace procpool::addon
