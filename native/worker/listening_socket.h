#pragma once

#include <cstdint>

#include "ipc/log_record.h"
#include "sys/unique_fd.h"

namespace procpool::worker {

/// The listening socket that all workers share, and one spare descriptor, so that at the descriptor limit a connection
/// can still be accepted and closed rather than left waiting. Worker; owns the worker's copy of the listener, which is
/// non-blocking.
class listening_socket {
 public:
  explicit listening_socket(int listener);

  /// The connection's descriptor, -EAGAIN if none waits, or an error of is_exhaustion().
  sys::result accept(ipc::peer_address& peer);

  /// Takes the next connection and closes it: 0, or an errno negated.
  sys::result refuse(ipc::peer_address& peer);

  /// Frees the spare descriptor for one that the supervisor sends; nothing is accepted until take_back_spare().
  void lend_spare();
  void take_back_spare();

  /// No more connections for this worker. The others that share the listener go on.
  void close() { listener_.reset(); }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(listener_); }

 private:
  void take_spare();

  sys::unique_fd listener_;
  sys::unique_fd spare_;
  bool lent_ = false;
};

/// True for the errno of an accept that failed for want of descriptors or memory.
bool is_exhaustion(sys::result failure);

}  // namespace procpool::worker
