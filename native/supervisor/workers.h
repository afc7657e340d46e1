#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/death_count.h"
#include "supervisor/handout.h"
#include "supervisor/recycling.h"
#include "supervisor/size_report.h"
#include "supervisor/standbys.h"
#include "supervisor/start_failures.h"
#include "supervisor/watchdog.h"
#include "supervisor/worker_channels.h"
#include "supervisor/worker_table.h"

namespace procpool::supervisor {

/// A worker that has ended, as it was before.
struct worker_exit {
  int slot;
  pid_t pid;
  phase last_phase;
  int status;  // see waitpid(2)

  [[nodiscard]] bool killed() const;
  [[nodiscard]] bool failed() const;
};

/// The pool's worker processes: starts, reaps and replaces them as the table decides, and keeps the stats page, the
/// handout of connections and the host's log in step with it. Supervisor; owns the children.
class workers {
 public:
  /// `queue` and `log_channel` are inherited by the workers. Throws sys_error.
  workers(const ipc::pool_config& config, ipc::pool_page& page, control& host, listen_queue& queue,
          worker_channels& channels, handout& connections, sys::unique_fd log_channel);

  void resize(std::uint32_t target);
  /// On the host's order of this number: each worker is replaced, one after the other, and keeps its connections.
  void recycle(std::uint32_t order);
  void start_due();

  /// No worker is started or replaced any more.
  void stop() { table_.stop(); }
  /// After stop(): starts another worker, which drains. False: it could not be started.
  bool start_drainer(std::uint64_t now_ms);

  /// The worker reports that it accepts; that it received SIGTERM, and wants to exit.
  void on_ready(int slot);
  void on_leaving(int slot);

  /// A standby of the worker was made; or could not be.
  void on_standby(int slot) { standbys_.made(slot, sys::monotonic_ms()); }
  void on_no_standby(int slot) { standbys_.failed(slot, sys::monotonic_ms()); }

  /// A worker that has ended, and is reaped: its slot and wait status.
  struct reaped {
    int slot;
    int status;
  };
  std::optional<reaped> reap();
  /// True: a standby goes on with its connections, and will report so.
  bool take_over(const reaped& ended);
  /// It does: it's the slot's worker from now on.
  void on_resumed(int slot);
  worker_exit on_ended(const reaped& ended);
  /// What a worker leaves at its death is given up from now on: the pool's time is over.
  void end_takeovers() { takes_over_ = false; }

  void on_time(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  /// In a stop. The order says what to do; SIGTERM only wakes the worker up, as the documents have it.
  void drain(int slot);
  /// What all workers have been told that takes over from one: nothing waits to be accepted any more.
  void on_queue_empty();
  void order_all(ipc::worker_order order);
  void kill(int slot);

  /// Logs how often starts have failed since it was last logged.
  void end_failures() { start_failures_.end(host_); }

  [[nodiscard]] const worker_table& table() const { return table_; }
  [[nodiscard]] const ipc::worker_slot& stats(int slot) const { return page_.workers[slot]; }
  /// No worker is started any more: after stop(), or because none runs and none can be started.
  [[nodiscard]] bool stopped() const { return table_.stopped(); }

 private:
  void start(int slot);
  void order_end(int slot, ipc::worker_order order);
  bool lives_on(int slot, bool crashed);
  void kill_hanging(std::uint64_t now_ms);
  void recycle_due(std::uint64_t now_ms);
  void begin_restart(int slot, const restart_plan& plan);
  void on_given_up(int slot);
  void remove(const surplus& left);
  void set_state(int slot, ipc::worker_state state);
  void log(ipc::log_event event, int slot, std::uint64_t value = 0);

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  control& host_;
  listen_queue& queue_;
  worker_channels& channels_;
  handout& connections_;
  sys::unique_fd log_channel_;
  sys::unique_fd write_wakeup_;  // of the write lock; the echo handler needs none
  worker_table table_{ipc::max_workers};
  start_failures start_failures_;
  standbys standbys_;
  watchdog watchdog_;
  recycling recycling_;
  std::vector<death_count> deaths_;                            // by slot
  std::vector<std::optional<ipc::worker_order>> last_orders_;  // by slot, of those that lead to its end
  bool queue_empty_ = false;
  bool takes_over_;
  size_report size_{host_, page_};
};

}  // namespace procpool::supervisor
