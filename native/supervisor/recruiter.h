#pragma once

#include <cstdint>
#include <optional>

#include "supervisor/listen_queue.h"
#include "supervisor/stop.h"
#include "supervisor/workers.h"

namespace procpool::supervisor {

/// While the pool drains: starts a worker for the clients that wait to be accepted if no worker is left to accept them.
/// Supervisor.
class recruiter {
 public:
  recruiter(const stop& stop, listen_queue& queue, workers& workers) : stop_(stop), queue_(queue), workers_(workers) {}

  /// Clients may be waiting, and there is no worker to accept them.
  [[nodiscard]] bool is_needed() const;

  void on_time(std::uint64_t now_ms);
  /// The worker could not be started, or ended before it was ready.
  void on_failure(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

 private:
  const stop& stop_;
  listen_queue& queue_;
  workers& workers_;
  std::uint32_t failures_ = 0;
  std::uint64_t next_try_ms_ = 0;
};

}  // namespace procpool::supervisor
