#pragma once

#include <cstdint>

#include "sys/syscalls.h"

namespace procpool::worker {

/// A moment on both of a worker's clocks.
struct instant {
  std::uint64_t clients_ms;  // stands still while the output is blocked
  std::uint64_t real_ms;
};

/// Monotonic time for what is asked of clients. It stands still where a worker reads from nobody
/// because stdout takes nothing, or another worker holds the write lock: that is not the clients' doing. Worker.
class worker_clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const { return (stands_ ? stood_since_ns_ : sys::monotonic_ns()) - stood_ns_; }
  [[nodiscard]] std::uint64_t now_ms() const { return now_ns() / 1'000'000; }
  [[nodiscard]] instant now() const { return {now_ms(), sys::monotonic_ns() / 1'000'000}; }
  [[nodiscard]] bool stands() const { return stands_; }

  /// Until go_on(), however often it is said.
  void stop() {
    if (stands_) return;
    stood_since_ns_ = sys::monotonic_ns();
    stands_ = true;
  }

  void go_on() {
    if (stands_) stood_ns_ += sys::monotonic_ns() - stood_since_ns_;
    stands_ = false;
  }

 private:
  bool stands_ = false;
  std::uint64_t stood_since_ns_ = 0;
  std::uint64_t stood_ns_ = 0;
};

}  // namespace procpool::worker
