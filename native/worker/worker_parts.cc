#include "worker/worker_parts.h"

#include <utility>

namespace procpool::worker {

worker_parts::worker_parts(worker_setup& setup, int output_fd, output_kind kind, sharing how)
    : config(setup.config),
      page(setup.page),
      stats(setup.page.workers[setup.id]),
      log(std::move(setup.log_channel), static_cast<ipc::log_level>(setup.config.log_level), setup.id,
          stats.log_dropped),
      deadlines(config, clock),
      shortage(log),
      output(output_fd, setup.memory.staging(), kind),
      writer(output, {page.write_lock, setup.write_wakeup, setup.id}, how, log, stats) {}

}  // namespace procpool::worker
