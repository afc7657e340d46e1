#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "worker/connections/worker_clock.h"
#include "worker/output/output_memory.h"
#include "worker/shutdown.h"

namespace procpool::worker {

/// The connection at which a worker has crashed, and how far that had come.
struct suspect {
  std::uint64_t tag;  // see event_tag; 0: there is none
  std::uint64_t received;
};

/// What a worker knows beside its connections. All zero is how it begins.
struct worker_state {
  output_memory output;
  clock_state clock;
  worker::shutdown shutdown;
  std::uint64_t poller;  // a descriptor plus one; 0: there is none yet
  bool listener_closed;
  std::uint64_t serving;  // the tag of the client that is dealt with now, or 0
  worker::suspect suspect;
};

/// All that a worker has taken from its clients and not delivered yet, and all that it knows of their connections: a
/// shared mapping of a fixed layout, all zero at first, so that a process that takes over from the worker has it too.
/// The worker's state comes first, then room for a long record, then the connection table, with a slot for each
/// descriptor that the process may have. Only what is touched takes up memory. Made by the supervisor before the fork;
/// used by the worker and its standbys, and unmapped with this object.
class worker_memory {
 public:
  /// However many descriptors are allowed.
  static constexpr std::size_t max_connections = 1 << 20;

  /// `record_bytes`: of a long record. `slot_bytes`: of one connection. There are fewer slots where the address space
  /// is limited, RLIMIT_AS or strict overcommitment: what a worker cannot keep, it refuses. Throws sys_error.
  worker_memory(std::size_t record_bytes, std::size_t slot_bytes);
  ~worker_memory();
  worker_memory(const worker_memory&) = delete;
  worker_memory& operator=(const worker_memory&) = delete;

  [[nodiscard]] worker_state& state() const { return *state_; }
  [[nodiscard]] std::span<char> long_record() const { return long_record_; }
  [[nodiscard]] std::span<std::byte> connections() const { return connections_; }

 private:
  worker_state* state_;
  std::span<char> long_record_;
  std::span<std::byte> connections_;
};

}  // namespace procpool::worker
