#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace procpool::ipc {

/// What a standby is to do.
enum class standby_order : std::uint32_t {
  wait,
  serve,     // its worker has died: take over
  multiply,  // make another standby; plus the number of the seat that it gets
};

/// A place for one of the processes of a worker's slot.
struct seat {
  std::atomic<std::int32_t> pid;     // set by the kernel as the process is made, cleared when it is reaped; 0: free
  std::atomic<std::uint32_t> order;  // standby_order, from the supervisor; what the process waits for: futex(2)

  [[nodiscard]] bool taken() const { return pid.load() != 0; }
};

/// The processes of a worker's slot: one serves, the others stand by. They share a descriptor table, and so the
/// worker's connections outlive it as long as one of them is left. Two stand by, so that one can take over and the
/// other make another: a process that has begun to serve is too large to be copied. In shared memory, all zero at
/// first. The supervisor's; the processes of the slot say what is noted at each.
struct alignas(64) slot_processes {
  static constexpr std::size_t count = 3;

  std::atomic<std::uint64_t> rounds;       // that the worker has made, from itself
  std::uint64_t died_ns;                   // when the last worker died, CLOCK_MONOTONIC
  std::atomic<std::uint64_t> connections;  // that it has taken over, from itself
  std::atomic<std::uint64_t> pending;      // bytes that had been read, likewise
  std::array<seat, count> seats;
  std::atomic<std::uint32_t> failure;  // a standby could not be made: errno, from who tried
  std::atomic<bool> finished;          // the worker has nothing more to do and exits, from itself
  std::atomic<bool> waiting;           // it waits for something to do, from itself
  std::atomic<bool> crashed;           // the last worker died of what it did itself
};
static_assert(std::atomic<std::int32_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

}  // namespace procpool::ipc
