#pragma once

#include <cstdint>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {

/// A moment on both of a worker's clocks.
struct instant {
  std::uint64_t clients_ms;  // stands still while the output is blocked
  std::uint64_t real_ms;
};

/// Where a worker's clock stands. Lies in worker_memory; all zero is how it begins.
struct clock_state {
  bool stands;
  std::uint64_t since_ns;  // it stands
  std::uint64_t stood_ns;  // before
};

/// Monotonic time for what is asked of clients. It stands still where a worker reads from nobody
/// because stdout takes nothing, or another worker holds the write lock: that is not the clients' doing. Worker.
class worker_clock {
 public:
  explicit worker_clock(clock_state& state) : state_(state) {}

  [[nodiscard]] std::uint64_t now_ns() const {
    return (state_.stands ? state_.since_ns : sys::monotonic_ns()) - state_.stood_ns;
  }
  [[nodiscard]] std::uint64_t now_ms() const { return now_ns() / 1'000'000; }
  [[nodiscard]] instant now() const { return {now_ms(), sys::monotonic_ns() / 1'000'000}; }
  [[nodiscard]] bool stands() const { return state_.stands; }

  /// Until go_on(), however often it is said.
  void stop() {
    if (state_.stands) return;
    state_.since_ns = sys::monotonic_ns();
    state_.stands = true;
  }

  void go_on() {
    if (!std::exchange(state_.stands, false)) return;
    state_.stood_ns += sys::monotonic_ns() - state_.since_ns;
  }

 private:
  clock_state& state_;
};

}  // namespace procpool::worker
