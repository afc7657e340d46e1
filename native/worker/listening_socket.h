#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "ipc/log_record.h"
#include "sys/unique_fd.h"

namespace procpool::worker {

/// The listening socket that all workers share, and one spare descriptor, so that at the descriptor limit a connection
/// can still be accepted and closed rather than left waiting. Worker; owns the worker's copy of the listener, which is
/// non-blocking.
class listening_socket {
 public:
  /// `closed`: whether close() has been called, where those who take over from this worker find it.
  listening_socket(int listener, bool& closed);

  /// The connection's descriptor, -EAGAIN if none waits, or an error of is_exhaustion().
  sys::result accept(ipc::peer_address& peer);

  /// Takes the next connection and closes it: 0, or an errno negated.
  sys::result refuse(ipc::peer_address& peer);

  /// Frees the spare descriptor for one that the supervisor sends; nothing is accepted until take_back_spare().
  void lend_spare();
  void take_back_spare();

  /// No more connections for this worker. The others that share the listener go on.
  void close();
  [[nodiscard]] bool is_open() const { return static_cast<bool>(listener_); }

 private:
  void take_spare();

  bool& closed_;
  sys::unique_fd listener_;
  sys::unique_fd spare_;
  bool lent_ = false;
};

/// Whose connection an accepted socket is.
ipc::peer_address peer_of(int connection);

/// Whether a socket has been accepted from such a listener.
bool is_accepted_from(int listener, int socket);

/// Urgent data stays in the stream. A TCP socket inherits that from its listener.
void keep_urgent_data(int connection, sa_family_t family);

/// True for the errno of an accept that failed for want of descriptors or memory.
bool is_exhaustion(sys::result failure);

}  // namespace procpool::worker
