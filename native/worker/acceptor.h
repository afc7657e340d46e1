#pragma once

#include <cstdint>

#include "ipc/message.h"
#include "worker/any_service.h"
#include "worker/listening_socket.h"
#include "worker/supervisor_link.h"
#include "worker/worker_parts.h"

namespace procpool::worker {

/// Accepts clients for a service: one for each of the supervisor's tokens, and as the pool stops all that still wait.
/// Worker.
class acceptor {
 public:
  acceptor(worker_parts& worker, listening_socket& listener, any_service& service, supervisor_link& supervisor)
      : worker_(worker),
        call_(worker.state.output.call),
        listener_(listener),
        service_(service),
        supervisor_(supervisor),
        takes_queue_(worker.shutdown.draining() && listener.is_open()) {}

  /// A token: one client waits. What became of it.
  ipc::worker_report accept();

  /// The pool stops. Clients whose connection the kernel has completed may have sent already: they are served too. A
  /// client for which there is no descriptor is accepted by a sibling, or when a connection of this worker has ended.
  void begin_queue();
  /// In each round of a stop.
  void take_queue();
  /// Drain timeout reached: counts what those had sent that nobody has accepted. There are descriptors for it now.
  void expire_queue();
  /// It has not accepted all of them yet.
  [[nodiscard]] bool takes_queue() const { return takes_queue_; }

  /// No more clients for this worker.
  void close();

 private:
  sys::result accept_noted(ipc::peer_address& peer);
  ipc::worker_report refuse(sys::result failure);
  template <typename Serve>
  void empty_queue(Serve serve);

  worker_parts& worker_;
  intent& call_;
  listening_socket& listener_;
  any_service& service_;
  supervisor_link& supervisor_;
  bool takes_queue_;
  std::uint32_t taken_ = 0;  // of the queue
};

}  // namespace procpool::worker
