#include "addon/order_queue.h"

#include <cerrno>
#include <utility>

namespace procpool::addon {

void order_queue::add(const ipc::control_order& order, sys::unique_fd descriptor) {
  const bool resizes = order.kind == ipc::control_kind::resize;
  if (resizes && !waiting_.empty() && waiting_.back().order.kind == order.kind) waiting_.pop_back();
  waiting_.push_back({order, std::move(descriptor)});
}

bool order_queue::flush(ipc::channel& control) {
  for (; control && !waiting_.empty(); waiting_.pop_front()) {
    const auto& [order, descriptor] = waiting_.front();
    const sys::result sent = descriptor ? control.send(order, descriptor.get()) : control.send(order);
    if (sent == -EAGAIN || sent == -ENOBUFS || sent == -ENOMEM) return false;
    // Otherwise sent; or the supervisor is gone, which the end of the channel says.
  }
  return true;
}

}  // namespace procpool::addon
