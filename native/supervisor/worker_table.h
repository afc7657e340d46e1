#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace procpool::supervisor {

enum class phase : std::uint8_t {
  empty,
  waiting,   // to be started at wake_ms
  starting,  // forked, has not said that it accepts
  ready,
  retiring,  // ends when its last connection does, and is not replaced
};

struct worker_entry {
  phase now = phase::empty;
  pid_t pid = 0;
  std::uint64_t started_ms = 0;
  std::uint64_t wake_ms = 0;
  std::uint32_t young_deaths = 0;   // in a row
  std::uint32_t failed_starts = 0;  // in a row
};

/// What follows from a worker's end.
struct restart_plan {
  bool replaced = false;
  bool given_up = false;  // its starts have failed too often in a row; it is tried on all the same
  std::uint64_t delay_ms = 0;
};

/// Slots that are too many for a smaller pool.
struct surplus {
  std::vector<int> retiring;
  std::vector<int> dropped;  // nothing runs there
};

/// The pool's workers by slot: who they are, how far they are, who is to be started when. Pure:
/// knows no process, descriptor or clock; the caller passes the time in ms. Supervisor.
class worker_table {
 public:
  /// Slots: as many workers there can be, retiring ones included.
  explicit worker_table(std::size_t capacity) : capacity_(capacity) {}

  /// How many workers there shall be. New ones wait for their start at `now_ms`, or for a slot that a
  /// retiring worker still has. Of those that are too many the ones that do not run go first.
  surplus resize(std::size_t target, std::uint64_t now_ms);

  /// The size from before the resizes that have not come as far as so many ready workers; none where
  /// there is no such resize, or the pool has its first size.
  [[nodiscard]] std::optional<std::size_t> standing() const { return standing_; }

  /// Takes those resizes back.
  surplus fall_back(std::uint64_t now_ms);

  /// No worker runs, and none can be started.
  [[nodiscard]] bool hopeless() const;

  /// Some cannot be started.
  [[nodiscard]] bool short_of_workers() const;

  /// No worker is started any more, but those that are recruited.
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// After stop(): a slot for one more worker, to be started now. None: there is none.
  std::optional<int> recruit(std::uint64_t now_ms);

  [[nodiscard]] std::optional<int> due(std::uint64_t now_ms) const;
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  void started(int slot, pid_t pid, std::uint64_t now_ms);
  void ready(int slot);
  /// It goes of its own accord: retires, and another is to be started for it. False: it did already.
  bool leaving(int slot, std::uint64_t now_ms);
  restart_plan start_failed(int slot, std::uint64_t now_ms);
  restart_plan ended(int slot, std::uint64_t now_ms);

  [[nodiscard]] const worker_entry& at(int slot) const { return entries_[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] std::optional<int> slot_of(pid_t pid) const;
  [[nodiscard]] std::size_t target() const { return target_; }
  [[nodiscard]] std::size_t count(phase which) const;
  /// Slots whose process runs.
  [[nodiscard]] std::vector<int> alive() const;

 private:
  [[nodiscard]] std::size_t members() const;
  void add_members(std::uint64_t now_ms);
  surplus remove_members();
  void settle();
  worker_entry& entry(int slot) { return entries_[static_cast<std::size_t>(slot)]; }
  restart_plan replace(int slot, std::uint64_t now_ms);

  std::size_t capacity_;
  std::vector<worker_entry> entries_;  // grows as needed
  std::size_t target_ = 0;
  std::optional<std::size_t> standing_;
  bool stopped_ = false;
};

}  // namespace procpool::supervisor
