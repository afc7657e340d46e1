#include "supervisor/spawn.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "sys/sys_error.h"
#include "worker/worker.h"

namespace procpool::supervisor {
namespace {

constexpr int first_after_stdio = 3;

[[noreturn]] void become_worker(int slot, const shared_state& shared, worker::worker_memory& memory, pid_t supervisor,
                                ipc::channel channel) {
  std::array<int, 4> kept{shared.listener, shared.log_channel, shared.write_wakeup, channel.fd()};
  std::sort(kept.begin(), kept.end());
  sys::close_from(first_after_stdio, kept);
  // In addition to the end of the channel. The supervisor may have died before the kernel was asked.
  const bool asked = sys::signal_on_parent_death(SIGTERM) >= 0;
  if (!asked || sys::parent_id() != supervisor) std::exit(EXIT_FAILURE);
  std::exit(worker::run_worker({
      .id = slot,
      .supervisor = supervisor,
      .config = shared.config,
      .page = shared.page,
      .memory = memory,
      .listener = shared.listener,
      .write_wakeup = shared.write_wakeup,
      .supervisor_channel = std::move(channel),
      .log_channel = ipc::channel(sys::unique_fd(shared.log_channel)),
  }));
}

}  // namespace

spawned spawn(int slot, const shared_state& shared) {
  auto [supervisor_end, worker_end] = ipc::channel::make_pair(SOCK_STREAM);
  worker::worker_memory memory(worker::record_bytes(shared.config.handler),
                               worker::connection_bytes(shared.config.handler));
  const pid_t supervisor = sys::process_id();
  // The child unblocks signals when it has handlers of its own, see event_source.
  sys::block_signals();
  const sys::result pid = sys::fork();
  if (pid == 0) become_worker(slot, shared, memory, supervisor, std::move(worker_end));
  sys::unblock_signals();
  return {sys::check("fork", pid), std::move(supervisor_end)};
}

}  // namespace procpool::supervisor
