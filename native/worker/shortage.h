#pragma once

#include <utility>

#include "ipc/log_record.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// A want of descriptors or memory, on account of which clients are refused. Logged once, until a connection is
/// accepted again. Worker.
class shortage {
 public:
  explicit shortage(worker_log& log) : log_(log) {}

  /// A client was refused: `error` is the errno that says of what there is not enough.
  void refused(const ipc::peer_address& peer, int error) {
    ipc::log_record record{};
    record.peer = peer;
    record.error = error;
    if (!std::exchange(logged_, true)) log_.write(ipc::log_event::refuse, record);
  }

  void accepted() { logged_ = false; }

 private:
  worker_log& log_;
  bool logged_ = false;
};

}  // namespace procpool::worker
