#pragma once

#include <cstdint>

#include "ipc/stats_page.h"

/// What the supervisor reads from the workers' counters, and adds to those of a worker that has ended. Pure.
namespace procpool::supervisor {

/// Counts for a worker that has ended what it can no longer count itself: where it was killed, its connections end
/// with an error, and what it had read and not delivered is dropped.
void settle(ipc::worker_slot& stats, std::uint64_t now_ns);

/// Moves on as long as a worker that has to end does something.
std::uint64_t progress_of(const ipc::worker_slot& stats);

/// Bytes that clients had sent and that stdout did not get, of all workers.
std::uint64_t undelivered_bytes(const ipc::pool_page& page);

}  // namespace procpool::supervisor
