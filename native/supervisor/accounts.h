#pragma once

#include <cstdint>

#include "ipc/stats_page.h"

/// What the supervisor reads from the workers' counters, and adds to those of a worker that has ended. Pure.
namespace procpool::supervisor {

/// Completes the counters of a worker that has ended. If it was killed, its connections ended with an error, and
/// bytes that it had read and not delivered are dropped.
void close_account(ipc::worker_slot& stats, std::uint64_t now_ns);

/// Changes as long as an expiring worker does something.
std::uint64_t progress_of(const ipc::worker_slot& stats);

/// Bytes that clients had sent and that stdout did not get, of all workers.
std::uint64_t undelivered_bytes(const ipc::pool_page& page);

}  // namespace procpool::supervisor
