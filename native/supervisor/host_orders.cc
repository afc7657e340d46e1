#include "supervisor/host_orders.h"

namespace procpool::supervisor {

void host_orders::read() {
  while (const auto order = host_.next()) on_order(*order);
  if (host_.gone()) shutdown_.begin(ipc::orphan_drain_ms);
}

void host_orders::on_order(const ipc::control_order& order) {
  switch (order.kind) {
    case ipc::control_kind::stop:
      return on_stop(order);
    case ipc::control_kind::resize:
      return workers_.resize(order.value);
    case ipc::control_kind::recycle:
      return workers_.recycle(order.value);
    case ipc::control_kind::reopen:
      return output_.reopen(order.value, host_.take_descriptor(), workers_.table().alive());
  }
}

void host_orders::on_stop(const ipc::control_order& order) {
  if (order.signal != 0) shutdown_.on_host_signal();
  // An explicit drain time counts, even if the signal has been seen already.
  if (order.signal == 0 || order.value != ipc::default_drain) {
    shutdown_.begin(order.value == ipc::default_drain ? config_.drain_ms : order.value);
  }
  // After the stage's end has been published, so that the host reads no older one.
  page_.stop_orders.add(1);
}

}  // namespace procpool::supervisor
