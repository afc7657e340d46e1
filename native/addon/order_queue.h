#pragma once

#include <list>

#include "ipc/channel.h"
#include "ipc/message.h"

namespace procpool::addon {

/// The host's orders to its supervisor: those for which a hung one has no room wait, however many. Host; owns the
/// descriptors that go with them until they are sent.
class order_queue {
 public:
  /// Of sizes that wait, the last one counts.
  void add(const ipc::control_order& order, sys::unique_fd descriptor);

  /// Sends what waits. False: try again when there is room. Where the supervisor is gone they are dropped.
  bool flush(ipc::channel& control);

 private:
  struct entry {
    ipc::control_order order;
    sys::unique_fd descriptor;  // if any
  };

  std::list<entry> waiting_;  // a deque would need libstdc++ of GCC 11
};

}  // namespace procpool::addon
