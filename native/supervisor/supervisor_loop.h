#pragma once

#include <cstdint>

#include "event/event_source.h"
#include "event/poller.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/handout.h"
#include "supervisor/host_orders.h"
#include "supervisor/listen_queue.h"
#include "supervisor/pool_output.h"
#include "supervisor/pool_shutdown.h"
#include "supervisor/worker_channels.h"
#include "supervisor/worker_reports.h"
#include "supervisor/workers.h"

namespace procpool::supervisor {

/// The supervisor's loop: waits for connections, signals, orders, reports and points in time, and calls the class that
/// each concerns, until the last worker has ended. Supervisor.
class supervisor_loop {
 public:
  /// `listener` and `log_channel` are owned from now on. Throws sys_error.
  supervisor_loop(const ipc::pool_config& config, ipc::pool_page& page, event::poller& poller, control& host,
                  sys::unique_fd listener, sys::unique_fd log_channel);

  /// Until no worker is left. Returns the exit status: 0 if stopped and all delivered, 1 otherwise.
  int run();

 private:
  void dispatch(const epoll_event& event);
  void on_signals();
  void reap();
  void on_time(std::uint64_t now_ms);
  [[nodiscard]] int timeout_ms(std::uint64_t now_ms) const;

  const ipc::pool_config& config_;
  event::poller& poller_;
  control& host_;
  event::event_source signals_;
  listen_queue queue_;
  worker_channels channels_;
  handout connections_;
  pool_output output_;
  workers workers_;
  pool_shutdown shutdown_;
  worker_reports reports_;
  host_orders orders_;
};

}  // namespace procpool::supervisor
