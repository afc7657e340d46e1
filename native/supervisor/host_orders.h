#pragma once

#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/pool_output.h"
#include "supervisor/pool_shutdown.h"
#include "supervisor/workers.h"

namespace procpool::supervisor {

/// Reads the host's orders, and calls the class that carries each out. Supervisor.
class host_orders {
 public:
  host_orders(const ipc::pool_config& config, ipc::pool_page& page, control& host, pool_output& output,
              workers& workers, pool_shutdown& shutdown)
      : config_(config), page_(page), host_(host), output_(output), workers_(workers), shutdown_(shutdown) {}

  /// Reads all orders. The end of the channel is an order to stop.
  void read();

 private:
  void on_order(const ipc::control_order& order);
  void on_stop(const ipc::control_order& order);

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  control& host_;
  pool_output& output_;
  workers& workers_;
  pool_shutdown& shutdown_;
};

}  // namespace procpool::supervisor
