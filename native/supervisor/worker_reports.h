#pragma once

#include "supervisor/pool_output.h"
#include "supervisor/pool_shutdown.h"
#include "supervisor/worker_channels.h"
#include "supervisor/workers.h"

namespace procpool::supervisor {

/// Reads the workers' reports, and calls the class that each concerns. Supervisor.
class worker_reports {
 public:
  worker_reports(worker_channels& channels, handout& connections, pool_output& output, workers& workers,
                 pool_shutdown& shutdown)
      : channels_(channels), connections_(connections), output_(output), workers_(workers), shutdown_(shutdown) {}

  /// Reads all reports of this worker. At the end of its channel it gets no more connections; SIGCHLD says how it
  /// ended.
  void read(int slot);

 private:
  void on_report(int slot, ipc::worker_report report);
  int output_error(int slot) const { return static_cast<int>(workers_.stats(slot).output_error.get()); }

  worker_channels& channels_;
  handout& connections_;
  pool_output& output_;
  workers& workers_;
  pool_shutdown& shutdown_;
};

}  // namespace procpool::supervisor
