#pragma once

#include <cstdint>
#include <optional>

#include "supervisor/listen_queue.h"
#include "supervisor/stop.h"
#include "supervisor/workers.h"

namespace procpool::supervisor {

/// While the pool drains: starts a worker for clients that wait to be accepted, where none is left that could do it.
/// Supervisor.
class recruiter {
 public:
  recruiter(const stop& stop, listen_queue& queue, workers& workers) : stop_(stop), queue_(queue), workers_(workers) {}

  /// Clients may wait, and no worker is there to accept them.
  [[nodiscard]] bool is_needed() const;

  void on_time(std::uint64_t now_ms);
  /// The recruit could not be started, or died before it was ready.
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
