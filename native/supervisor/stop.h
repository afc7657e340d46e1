#pragma once

#include <cstdint>
#include <optional>

namespace procpool::supervisor {

/// What a request to stop comes to.
enum class request : std::uint8_t { first, again, repetition };

/// Signals that ask for a stop. One Ctrl-C reaches the supervisor once, and the host once or, through npm, twice, in
/// any order: what the two get within a second of each other is one request. Pure: the caller passes the time in ms.
class stop_requests {
 public:
  static constexpr std::uint64_t same_ms = 1000;

  /// The supervisor got a signal.
  request own(std::uint64_t now_ms);
  /// The host got one, and passes it on.
  request passed_on(std::uint64_t now_ms);

 private:
  request count();

  std::uint32_t counted_ = 0;
  std::optional<std::uint64_t> own_ms_;
  std::optional<std::uint64_t> passed_on_ms_;
};

/// How far the pool's stop has come, and when its present stage ends. Pure: the caller passes the time in ms.
/// Supervisor.
class stop {
 public:
  enum class stage : std::uint8_t {
    running,
    draining,  // the workers deliver what they owe
    expiring,  // drain timeout reached: they count what is left
    killing,   // those that did not are killed
  };

  /// A worker that has to count what is left, and has not moved on for so long, hangs.
  static constexpr std::uint64_t patience_ms = 2000;

  /// The pool stops within `drain_ms`; of several times the earliest counts. True: that is new.
  bool begin(std::uint64_t now_ms, std::uint64_t drain_ms);
  /// True: the drain was going on until now.
  bool expire(std::uint64_t now_ms);
  /// The workers still count.
  void wait_on(std::uint64_t now_ms) { ends_ms_ = now_ms + patience_ms; }
  void kill(std::uint64_t now_ms);

  [[nodiscard]] stage now() const { return stage_; }
  [[nodiscard]] bool running() const { return stage_ == stage::running; }
  /// Of the present stage; none while the pool runs.
  [[nodiscard]] std::optional<std::uint64_t> ends_ms() const { return ends_ms_; }
  [[nodiscard]] bool is_due(std::uint64_t now_ms) const { return ends_ms_ && now_ms >= *ends_ms_; }

 private:
  stage stage_ = stage::running;
  std::optional<std::uint64_t> ends_ms_;
};

}  // namespace procpool::supervisor
