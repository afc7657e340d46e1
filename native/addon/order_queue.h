#pragma once

#include <list>

#include "ipc/channel.h"
#include "ipc/message.h"

namespace procpool::addon {

/// The host's orders to the supervisor. Orders for which a hung supervisor has no room wait here. Host; owns the
/// descriptors that go with them until they are sent.
class order_queue {
 public:
  /// A resize replaces a resize that waits right before it.
  void add(const ipc::control_order& order, sys::unique_fd descriptor);

  /// Sends orders that wait. False: try again when there is room. If the supervisor is gone, they are dropped.
  bool flush(ipc::channel& control);

 private:
  struct entry {
    ipc::control_order order;
    sys::unique_fd descriptor;  // if any
  };

  std::list<entry> waiting_;  // a deque would need libstdc++ of GCC 11
};

}  // namespace procpool::addon
