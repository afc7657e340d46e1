#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "event/poller.h"
#include "supervisor/control.h"
#include "supervisor/reopening.h"
#include "supervisor/worker_channels.h"

namespace procpool::supervisor {

/// The pool's stdout, as the supervisor sees it: watched for the loss of its reader, never written to, and replaced on
/// the host's order, here and by orders to all workers. Supervisor.
class pool_output {
 public:
  pool_output(event::poller& poller, control& host, worker_channels& channels);

  /// Throws sys_error.
  void watch();

  /// Stdout is broken. False: that was known.
  bool mark_broken(int error);

  /// Replaces stdout by `output`, on the host's order of this number, and tells these workers to do the same.
  void reopen(std::uint32_t number, const sys::unique_fd& output, std::span<const int> workers);

  /// The worker writes to the output of the last order it was sent.
  void reopened(int slot);
  /// The worker had no descriptor for it: it is told again.
  void not_reopened(int slot);
  void worker_ended(int slot);
  /// It goes on where a worker has died: an order that that had, it is told again.
  void worker_resumed(int slot);

  /// Sends the orders that are due, and tells the host when all workers write to the new output.
  void on_time(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const { return reopening_.next_wake_ms(); }

 private:
  event::poller& poller_;
  control& host_;
  worker_channels& channels_;
  reopening reopening_;
  bool broken_ = false;
};

}  // namespace procpool::supervisor
