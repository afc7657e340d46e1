#pragma once

#include <cstdint>
#include <string>

#include "sys/unique_fd.h"

namespace procpool::addon {

/// Where a pool listens.
struct endpoint {
  std::string host;  // numeric address; empty: every address, IPv6 and IPv4 where the machine has both
  std::uint16_t port = 0;
  std::string path;  // a Unix socket instead, if not empty

  /// As people write it: the path, or [::1]:10714.
  [[nodiscard]] std::string text() const;
};

/// A listening socket, non-blocking, and where it really listens. Host; owns the descriptor until
/// the supervisor has its copy.
struct listener {
  sys::unique_fd fd;
  endpoint bound;
  int family;
};

/// Throws sys_error. A Unix socket's file that nobody listens at any more is replaced.
listener listen_at(const endpoint& wanted, int backlog);

}  // namespace procpool::addon
