#pragma once

#include <cstddef>

#include "event/poller.h"
#include "sys/unique_fd.h"

namespace procpool::supervisor {

/// The supervisor's view of the listening socket: it never accepts, it only wants to know that and
/// how many connections wait. Watched with EPOLLONESHOT, because what it reports stays true until a
/// worker has accepted. Supervisor; owns its copy of the listener.
class listen_queue {
 public:
  /// Throws sys_error.
  listen_queue(sys::unique_fd listener, bool unix_socket, event::poller& poller);

  /// Reports the next time that a connection waits; at once if one does.
  void arm();

  /// How many connections wait; of a Unix socket only whether one does, see tcp(7) TCP_INFO.
  [[nodiscard]] std::size_t length() const;

  /// Reports no more, whatever is armed later: the pool stops.
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
