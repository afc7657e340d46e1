#pragma once

#include <cstdint>

namespace procpool::event {

/// The process's interval timer, which sends it SIGALRM: setitimer(2), ITIMER_REAL. It runs on
/// monotonic time, and a forked child does not inherit it. Worker, one each.
class interval_timer {
 public:
  interval_timer() = default;
  ~interval_timer() { stop(); }
  interval_timer(const interval_timer&) = delete;
  interval_timer& operator=(const interval_timer&) = delete;

  /// Sends SIGALRM once, after `delay_ns` or a little later. Replaces the previous setting. Throws sys_error.
  void set(std::uint64_t delay_ns);
  void stop();

  [[nodiscard]] bool running() const { return running_; }
  /// To be called when SIGALRM has arrived.
  void fired() { running_ = false; }

 private:
  bool running_ = false;
};

}  // namespace procpool::event
