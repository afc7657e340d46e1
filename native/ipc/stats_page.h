#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ipc/log_record.h"
#include "ipc/standby.h"
#include "ipc/write_lock.h"
#include "sys/unique_fd.h"

namespace procpool::ipc {

constexpr std::uint32_t max_workers = 1024;

/// A number in shared memory with exactly one writing process at a time, so that adding to it needs
/// no locked instruction; any process may read it.
class counter {
 public:
  [[nodiscard]] std::uint64_t get() const { return std::atomic_ref(word_).load(std::memory_order_relaxed); }
  void set(std::uint64_t value) { std::atomic_ref(word_).store(value, std::memory_order_relaxed); }
  void add(std::uint64_t amount) { set(get() + amount); }

  /// The writing process's own view of it.
  [[nodiscard]] std::uint64_t& word() { return word_; }

 private:
  mutable std::uint64_t word_ = 0;  // an atomic_ref of what is const cannot be had before C++26
  static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);
};

enum class worker_state : std::uint64_t {
  unused,
  starting,
  ready,
  draining,
  retiring,  // serves the connections it has, takes no new ones
  waiting,   // for its next start, see backoff.h
};

enum class pool_state : std::uint64_t { starting, running, draining, ended };

/// What one worker counts. The counters go on over restarts; `pid`, `state` and `restarts` are the
/// supervisor's, the rest the worker's (the supervisor's once it has reaped the worker).
struct alignas(64) worker_slot {
  counter pid;
  counter state;
  counter restarts;
  counter takeovers;  // of those, the ones in which its connections went on
  counter accepted;
  counter closed;
  counter refused;
  counter errors;
  counter out_of_memory;  // connections that were refused, or ended with an error, for want of it
  counter timeouts[timeout_reasons];
  counter poisoned;  // connections that were closed since workers crashed at them
  counter requests;  // answered
  counter rejected;  // of those, with an error
  counter torn;      // bodies that are delivered in part: by a stop's deadline, a read error, or a worker's death
  counter bytes_in;
  counter bytes_out;
  counter bytes_discarded;  // read, and not passed on for a reason that is the client's
  counter bytes_dropped;    // read from clients, but never taken by stdout
  counter bytes_unread;     // sent before a stop, but not read in its time
  counter bytes_late;       // sent after a stop or a timeout, and not read
  counter log_dropped;
  counter stalled_ns;        // waits for stdout that are over
  counter stalled_since_ns;  // start of the one that is not, CLOCK_MONOTONIC, or 0
  counter output_error;      // the errno that broke stdout, or 0
};

struct pool_page {
  write_lock_state write_lock;
  counter state;
  counter log_dropped;    // by the supervisor
  counter stop_orders;    // the host's, those that the supervisor has taken
  counter stage_ends_ns;  // when the present stage of the stop ends, CLOCK_MONOTONIC; 0: the pool runs
  std::atomic<std::uint64_t> no_room_ns{0};  // when a worker last had no room for a body, CLOCK_MONOTONIC; any of them
  alignas(64) worker_slot workers[max_workers];
  slot_processes processes[max_workers];
};

/// A mapping of the pool's counters: the host creates it, the supervisor maps the same memory, the
/// workers inherit that mapping. Unmapped with this object; the host's copy outlives the pool.
class stats_page {
 public:
  /// Throws sys_error.
  static sys::unique_fd create();
  /// Throws sys_error. `fd` may be closed afterwards.
  explicit stats_page(int fd);
  ~stats_page();
  stats_page(const stats_page&) = delete;
  stats_page& operator=(const stats_page&) = delete;

  [[nodiscard]] pool_page& operator*() const { return *page_; }
  [[nodiscard]] pool_page* operator->() const { return page_; }

 private:
  pool_page* page_;
};

}  // namespace procpool::ipc
