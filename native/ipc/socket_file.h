#pragma once

#include <cstdint>
#include <string>

namespace procpool::ipc {

/// A Unix socket's name in the file system, and the identity of the file when it was bound, so that at
/// the end only that file is removed. Empty for TCP. Host and supervisor.
struct socket_file {
  char path[108];
  std::uint64_t device;
  std::uint64_t inode;

  explicit operator bool() const { return path[0] != '\0'; }

  /// Throws sys_error.
  static socket_file of(const std::string& path);

  /// It is still that file, or a later file that got the same device and inode numbers.
  [[nodiscard]] bool is_there() const;

  /// Whoever listens at it removes it before it closes its socket: afterwards the file is stale, and
  /// may be replaced by another pool's at any moment.
  void remove() const;
};

}  // namespace procpool::ipc
