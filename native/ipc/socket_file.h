#pragma once

#include <cstdint>
#include <string>

namespace procpool::ipc {

/// A Unix socket's name in the file system, and which file that was when it was bound, so that it is
/// removed at the end only if it still is that one. Empty for TCP. Host and supervisor.
struct socket_file {
  char path[108];
  std::uint64_t device;
  std::uint64_t inode;

  explicit operator bool() const { return path[0] != '\0'; }

  /// Throws sys_error.
  static socket_file of(const std::string& path);

  /// It is still that one, or one that got its numbers when it was gone.
  [[nodiscard]] bool is_there() const;

  /// Whoever listens at it removes it before it closes its socket: afterwards the file is stale, and
  /// may be replaced by another pool's at any moment.
  void remove() const;
};

}  // namespace procpool::ipc
