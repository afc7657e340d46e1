#include "supervisor/accounts.h"

namespace procpool::supervisor {

void close_account(ipc::worker_slot& stats, std::uint64_t now_ns) {
  stats.errors.add(stats.accepted.get() - stats.closed.get());
  stats.closed.set(stats.accepted.get());
  stats.bytes_dropped.set(stats.bytes_in.get() - stats.bytes_out.get() - stats.bytes_discarded.get());
  const std::uint64_t since = stats.stalled_since_ns.get();
  if (since == 0) return;
  stats.stalled_ns.add(now_ns - since);
  stats.stalled_since_ns.set(0);
}

std::uint64_t progress_of(const ipc::worker_slot& stats) {
  return stats.closed.get() + stats.refused.get() + stats.bytes_out.get();
}

std::uint64_t undelivered_bytes(const ipc::pool_page& page) {
  std::uint64_t bytes = 0;
  for (const ipc::worker_slot& stats : page.workers) bytes += stats.bytes_dropped.get() + stats.bytes_unread.get();
  return bytes;
}

}  // namespace procpool::supervisor
