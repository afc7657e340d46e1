#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/handout.h"
#include "supervisor/recruiter.h"
#include "supervisor/stop.h"
#include "supervisor/workers.h"

namespace procpool::supervisor {

/// Carries the pool's stop out, stage by stage as `stop` has it: drain, expire, kill. Decides the exit status.
/// Supervisor.
class pool_shutdown {
 public:
  pool_shutdown(const ipc::pool_config& config, ipc::pool_page& page, control& host, listen_queue& queue,
                handout& connections, workers& workers);

  /// The pool stops within `drain_ms`; if called again the earlier end counts. 0: at once.
  void begin(std::uint64_t drain_ms);
  /// The same, with exit status 1.
  void begin_failed(std::uint64_t drain_ms);

  /// The supervisor received a signal that asks for a stop; the host did, and forwarded it.
  void on_signal();
  void on_host_signal();

  /// A worker reports that all clients that waited when the stop began have been accepted.
  void on_queue_empty();
  void on_worker_ended(const worker_exit& exit);

  void on_time(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  [[nodiscard]] bool begun() const { return !stop_.running(); }
  /// The pool is running, or a worker is left, or has to be started.
  [[nodiscard]] bool is_unfinished() const;
  /// After the last worker's end: logs what was lost. Returns the exit status: 0 if all was delivered, else 1.
  int finish();

 private:
  void on_request(request received);
  void expire();
  void kill_stuck_workers(std::uint64_t now_ms);
  void publish_stage();

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  control& host_;
  listen_queue& queue_;
  handout& connections_;
  workers& workers_;
  stop stop_;
  stop_requests requests_;
  recruiter recruiter_{stop_, queue_, workers_};
  std::vector<std::uint64_t> progress_;  // by slot, when last checked
  bool failed_ = false;
};

}  // namespace procpool::supervisor
