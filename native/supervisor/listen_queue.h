#pragma once

#include <cstddef>

#include "event/poller.h"
#include "sys/unique_fd.h"

namespace procpool::supervisor {

/// The listening socket as the supervisor sees it: it never accepts, but learns that connections wait,
/// and how many. Watched with EPOLLONESHOT, since the socket stays readable until a worker has
/// accepted. Supervisor; owns its copy of the listener.
class listen_queue {
 public:
  /// Throws sys_error.
  listen_queue(sys::unique_fd listener, bool unix_socket, event::poller& poller);

  /// Asks for one more event, as soon as a connection waits.
  void arm();

  /// How many connections wait, see tcp(7) TCP_INFO; for a Unix socket 1 if any do.
  [[nodiscard]] std::size_t length() const;

  /// No more events, even after arm(): the pool stops.
  void ignore();

  [[nodiscard]] int fd() const { return listener_.get(); }
  explicit operator bool() const { return static_cast<bool>(listener_); }
  void close();

 private:
  sys::unique_fd listener_;
  bool unix_socket_;
  event::poller& poller_;
  bool watched_ = true;
};

}  // namespace procpool::supervisor
