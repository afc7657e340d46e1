#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "event/poller.h"
#include "supervisor/control.h"
#include "supervisor/reopening.h"
#include "supervisor/worker_channels.h"

namespace procpool::supervisor {

/// The pool's stdout, which the supervisor never writes to: it watches it for its reader's end, and upon the host's
/// order replaces it, for itself and by orders for all workers. Supervisor.
class pool_output {
 public:
  pool_output(event::poller& poller, control& host, worker_channels& channels);

  /// Throws sys_error.
  void watch();

  /// Stdout is broken. False: that is known.
  bool mark_broken(int error);

  /// Stdout leads to `output` from now on, by the host's order of this number; of the workers all are told.
  void reopen(std::uint32_t number, const sys::unique_fd& output, std::span<const int> workers);

  /// The worker writes to where it was told.
  void reopened(int slot);
  /// It had no descriptor for it.
  void not_reopened(int slot);
  void worker_ended(int slot);

  /// Tells the workers that it is time for, and the host when all write to where they shall.
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
