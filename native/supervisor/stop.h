#pragma once

#include <cstdint>
#include <optional>

namespace procpool::supervisor {

/// What a signal that asks for a stop means: the first request, a further one, or the same one seen twice.
enum class request : std::uint8_t { first, further, duplicate };

/// Tells requests to stop apart. A single Ctrl-C reaches the supervisor once, and the host once or, through npm, twice,
/// in any order: signals of the two within a second of each other are the same request. Pure: the caller passes the
/// time in ms. Supervisor.
class stop_requests {
 public:
  static constexpr std::uint64_t same_ms = 1000;

  /// The supervisor received a signal.
  request on_signal(std::uint64_t now_ms);
  /// The host received a signal, and forwarded it.
  request on_host_signal(std::uint64_t now_ms);

 private:
  request add();

  std::uint32_t count_ = 0;
  std::optional<std::uint64_t> signal_ms_;
  std::optional<std::uint64_t> host_signal_ms_;
};

/// How far the pool's stop has come, and when its present stage ends. Pure: the caller passes the time in ms.
/// Supervisor.
class stop {
 public:
  enum class stage : std::uint8_t {
    running,
    draining,  // workers deliver what had arrived when the stop began
    expiring,  // drain timeout reached: workers count what is left
    killing,   // workers that did not exit have been killed
  };

  /// An expiring worker whose counters stand still for so long hangs.
  static constexpr std::uint64_t patience_ms = 2000;

  /// The pool stops within `drain_ms`; if called again the earlier end counts. True: the pool was running.
  bool begin(std::uint64_t now_ms, std::uint64_t drain_ms);
  /// True: the pool was draining.
  bool expire(std::uint64_t now_ms);
  /// Workers are still counting.
  void extend(std::uint64_t now_ms) { ends_ms_ = now_ms + patience_ms; }
  void kill(std::uint64_t now_ms);

  [[nodiscard]] stage now() const { return stage_; }
  [[nodiscard]] bool running() const { return stage_ == stage::running; }
  /// When the present stage ends; none while the pool runs.
  [[nodiscard]] std::optional<std::uint64_t> ends_ms() const { return ends_ms_; }
  [[nodiscard]] bool is_due(std::uint64_t now_ms) const { return ends_ms_ && now_ms >= *ends_ms_; }

 private:
  stage stage_ = stage::running;
  std::optional<std::uint64_t> ends_ms_;
};

}  // namespace procpool::supervisor
