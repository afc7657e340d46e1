#include "worker/worker_parts.h"

namespace procpool::worker {
namespace {

/// The one that a worker before this has left.
event::poller poller_of(worker_state& state) {
  if (state.poller != 0) return event::poller(static_cast<int>(state.poller) - 1);
  return {};
}

}  // namespace

worker_parts::worker_parts(worker_setup& setup, worker_log& worker_log, int output_fd, output_kind kind, sharing how)
    : config(setup.config),
      page(setup.page),
      stats(setup.page.workers[setup.id]),
      vitals(setup.page.processes[setup.id]),
      state(setup.memory.state()),
      long_record(setup.memory.long_record()),
      log(worker_log),
      poller(poller_of(state)),
      clock(state.clock),
      deadlines(config, clock),
      shutdown(state.shutdown),
      shortage(worker_log),
      output(output_fd, state.output, stats, kind),
      writer(output, state.output, {page.write_lock, setup.write_wakeup, setup.id}, how, worker_log, stats) {
  if (config.takes_over) writer.keep_files_exclusive();
  state.poller = static_cast<std::uint64_t>(poller.fd()) + 1;
}

}  // namespace procpool::worker
