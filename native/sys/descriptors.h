#pragma once

#include <cstddef>
#include <span>

#include "sys/result.h"

/// System calls on any descriptor.
namespace procpool::sys {

/// Never made again: Linux frees the number before it can be interrupted.
void close(int fd);
result read(int fd, void* data, std::size_t size);
/// Waits if `fd` blocks.
result write(int fd, const void* data, std::size_t size);
/// Bytes ready to be read from a socket or pipe (FIONREAD).
result readable_bytes(int fd);
result status_flags(int fd);
bool is_terminal(int fd);
result duplicate(int fd, int lowest);
/// dup2(2): `to` refers to what `from` does, and is not close-on-exec.
result replace(int from, int to);
/// Closes every descriptor from `first` on that is not in `kept` (ascending).
void close_from(int first, std::span<const int> kept);
/// The soft RLIMIT_NOFILE: descriptors are lower numbers than this.
result descriptor_limit();
/// Raises the soft RLIMIT_NOFILE to the hard one.
result raise_descriptor_limit();

}  // namespace procpool::sys
