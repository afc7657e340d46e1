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

  /// Of several drain times the earliest end counts; 0 is now.
  void begin(std::uint64_t drain_ms);
  /// The same, with exit status 1.
  void begin_failed(std::uint64_t drain_ms);

  /// The supervisor got a signal that asks for a stop; the host got one, and passes it on.
  void on_signal();
  void on_host_signal();

  /// A worker says that all have been accepted who waited when the stop began.
  void on_queue_empty();
  void on_worker_ended(const worker_exit& exit);

  void on_time(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  [[nodiscard]] bool begun() const { return !stop_.running(); }
  /// The pool runs, or a worker does, or one has to be started.
  [[nodiscard]] bool is_unfinished() const;
  /// When all workers have ended: logs what is left undone. The exit status: 0 if all was delivered, or 1.
  int finish();

 private:
  void on_request(request what);
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
  std::vector<std::uint64_t> progress_;  // by slot: what a worker had counted when last looked at
  bool failed_ = false;
};

}  // namespace procpool::supervisor
