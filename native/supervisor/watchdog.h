#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace procpool::supervisor {

/// What is seen of a worker from outside.
struct vital_signs {
  std::uint64_t rounds;  // of its loop
  bool waiting;          // for something to do
  bool holds_up_others;  // it has the write lock, and others wait for it
};

/// Which workers hang: those that have something to do and make no round, and those that are stopped (SIGSTOP), of whom
/// it is not known. Pure: the caller passes the time in ms. Supervisor.
class watchdog {
 public:
  /// A stopped worker that holds up others is waited for no longer than that.
  static constexpr std::uint64_t blocking_ms = 500;

  /// `limit_ms`: how long a worker may make no round; 0: for ever.
  watchdog(std::size_t capacity, std::uint64_t limit_ms) : limit_ms_(limit_ms) { entries_.reserve(capacity); }

  /// A process of that slot begins to be its worker; and is no longer.
  void begin(int slot, std::uint64_t now_ms) { at(slot) = {.watched = limit_ms_ > 0, .since_ms = now_ms}; }
  void end(int slot) { at(slot) = {}; }

  /// SIGSTOP, SIGCONT.
  void stopped(int slot, std::uint64_t now_ms);
  void continued(int slot, std::uint64_t now_ms);

  /// To be called about every interval_ms(): whether the worker hangs, which is said once.
  bool hangs(int slot, const vital_signs& seen, std::uint64_t now_ms);
  /// The calls have come so late that the supervisor itself must have been stopped: all begins anew.
  void on_time(std::uint64_t now_ms);

  [[nodiscard]] std::uint64_t limit_ms() const { return limit_ms_; }
  /// When to look at the workers next; none: none is watched.
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

 private:
  struct entry {
    bool watched = false;
    bool stopped = false;
    std::uint64_t rounds = 0;
    std::uint64_t since_ms = 0;  // it has made no round, or it is stopped
  };

  entry& at(int slot) {
    const auto index = static_cast<std::size_t>(slot);
    if (index >= entries_.size()) entries_.resize(index + 1);
    return entries_[index];
  }
  [[nodiscard]] std::uint64_t interval_ms() const;
  [[nodiscard]] bool is_any_stopped() const;

  std::uint64_t limit_ms_;
  std::vector<entry> entries_;  // by slot, grows as needed
  std::uint64_t looked_ms_ = 0;
};

}  // namespace procpool::supervisor
