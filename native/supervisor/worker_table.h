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
  starting,  // forked, has not reported that it is ready
  ready,
  retiring,  // exits after its last connection, and is not replaced in its slot
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
  bool given_up = false;  // its starts have failed too often in a row; it is retried nevertheless
  std::uint64_t delay_ms = 0;
};

/// Slots that a smaller pool no longer needs.
struct surplus {
  std::vector<int> retiring;
  std::vector<int> dropped;  // no process runs there
};

/// The pool's workers by slot: their pids, phases, and when each is to be started. Pure: knows no
/// process, descriptor or clock; the caller passes the time in ms. Supervisor.
class worker_table {
 public:
  /// `capacity`: how many workers can run at a time, retiring workers included.
  explicit worker_table(std::size_t capacity) : capacity_(capacity) {}

  /// Sets how many workers there are to be. New workers are due at `now_ms`, or when a retiring worker
  /// leaves its slot. Surplus workers that do not run are dropped before others retire.
  surplus resize(std::size_t target, std::uint64_t now_ms);

  /// The size from before the first resize that has not been reached yet; none if all have been reached.
  [[nodiscard]] std::optional<std::size_t> previous_target() const { return previous_target_; }

  /// Back to that size.
  surplus fall_back(std::uint64_t now_ms);

  /// No worker runs, and the starts of all have failed too often.
  [[nodiscard]] bool hopeless() const;

  /// The starts of some worker have failed too often.
  [[nodiscard]] bool short_of_workers() const;

  /// No worker is due or replaced any more; recruit() starts single workers.
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// After stop(): a slot for another worker, which is due at once. None: every slot is taken.
  std::optional<int> recruit(std::uint64_t now_ms);

  [[nodiscard]] std::optional<int> due(std::uint64_t now_ms) const;
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  void started(int slot, pid_t pid, std::uint64_t now_ms);
  void ready(int slot);
  /// Another process is the slot's worker from now on.
  void taken_over(int slot, pid_t pid) { entry(slot).pid = pid; }
  /// It wants to exit: it retires, and another worker is due in its place. False: it is retiring already.
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
  void check_reached();
  worker_entry& entry(int slot) { return entries_[static_cast<std::size_t>(slot)]; }
  restart_plan replace(int slot, std::uint64_t now_ms);

  std::size_t capacity_;
  std::vector<worker_entry> entries_;  // grows as needed
  std::size_t target_ = 0;
  std::optional<std::size_t> previous_target_;
  bool stopped_ = false;
};

}  // namespace procpool::supervisor
