#pragma once

#include <cstdint>

#include "event/event_tag.h"
#include "ipc/log_record.h"
#include "worker/connections/deadlines.h"

namespace procpool::worker {

/// What is known of a client that is data alone, and outlives its worker in the connection table.
struct connection_state {
  int fd = -1;                   // and its index in the table
  event::generation generation;  // of its slot there
  std::uint32_t watched = 0;     // the events that the poller waits for
  int error = 0;                 // of its socket, which may have bytes left
  ipc::peer_address peer{};
  std::uint64_t received = 0;  // bytes

  bool resumable = true;         // nothing of it is in the worker's own memory: another worker can go on with it
  bool bulk = false;             // its last read was a long one
  std::uint8_t short_reads = 0;  // of the others, the first few
  // While the worker drains, see drain.h:
  bool behind = false;               // what had arrived when the stop began is not all read
  bool sending = false;              // something came since the stop
  std::uint64_t owed = 0;            // what `received` must reach
  std::uint64_t grace_since_ms = 0;  // when it did; real time
  std::uint64_t last_data_ms = 0;    // when something last came; the clients' clock
};

/// One client, as long as it is connected: what every handler needs to know of it. A handler that
/// keeps more derives its own from this.
struct connection : client_deadlines, connection_state {
  connection() = default;
  /// One that goes on in another worker.
  connection(const deadline_ticks& deadlines, const connection_state& state)
      : client_deadlines(deadlines), connection_state(state) {}

  /// Bytes that the handler has read from it and not passed on; and those of them that it would have had to deliver.
  [[nodiscard]] std::uint64_t held_bytes() const { return 0; }
  [[nodiscard]] std::uint64_t undelivered_bytes() const { return 0; }

  /// Nothing of it is under way: see `resumable`.
  [[nodiscard]] bool rests() const { return true; }
};

}  // namespace procpool::worker
