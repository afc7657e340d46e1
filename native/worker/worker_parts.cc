#include "worker/worker_parts.h"

namespace procpool::worker {

worker_parts::worker_parts(worker_setup& setup, worker_log& worker_log, int output_fd, output_kind kind, sharing how)
    : config(setup.config),
      page(setup.page),
      stats(setup.page.workers[setup.id]),
      log(worker_log),
      deadlines(config, clock),
      shortage(worker_log),
      output(output_fd, setup.memory.staging(), kind),
      writer(output, {page.write_lock, setup.write_wakeup, setup.id}, how, worker_log, stats) {}

}  // namespace procpool::worker
