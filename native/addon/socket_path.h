#pragma once

#include <string>

#include "ipc/socket_file.h"
#include "sys/unique_fd.h"

/// A Unix socket's name in the file system, at which pools come and go. What one finds there, stale
/// or not, it may replace or remove only while no other does the same: each holds a lock on the
/// directory meanwhile, flock(2), which leaves no file behind. Without it, as a last resort, where
/// the directory cannot be opened or locked, or where others hold the lock for a second. Host.
namespace procpool::addon {

/// A socket that listens there, non-blocking. A file at which nobody listens any more is replaced.
/// Throws sys_error.
sys::unique_fd listen_at_path(const std::string& path, int backlog);

/// Removes the file that a pool may have left behind whose processes have gone, or go at this moment:
/// for them it waits a little. Not if somebody else listens there by now.
void remove_stale(const ipc::socket_file& file);

}  // namespace procpool::addon
