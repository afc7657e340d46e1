#pragma once

#include <cstdint>

#include "ipc/write_lock.h"
#include "worker/output/output.h"

namespace procpool::worker {

/// Keeps the workers that share stdout from being held up by it all at once. One at a time writes to
/// a file, where the others would spin in the kernel for its lock; one at a time waits for room in
/// anything else, where all would be woken for what one of them takes. It only saves time: what is
/// written is safe without, and a worker that waits too long, because the holder was stopped or a
/// reader is slow, goes on as if there were none. Worker.
class optional_write_lock {
 public:
  /// How a write ended: the output takes no more for now, or all of it is out, or never will be.
  enum end : std::uint8_t { full, all };

  optional_write_lock(const output& out, const ipc::write_lock& lock) : lock_(lock), exclusive_(out.is_locked()) {}

  /// True: write now, and say how it ended. False: waits_for() says when to ask again.
  bool try_lock();
  void unlock(end how);

  /// For another worker to unlock it.
  [[nodiscard]] bool waiting() const { return since_ns_ != 0; }
  [[nodiscard]] wait_condition waits_for() const;

 private:
  bool acquire();

  ipc::write_lock lock_;
  bool exclusive_;
  bool impatient_ = false;  // until the lock is seen to change hands
  std::uint64_t since_ns_ = 0;
};

}  // namespace procpool::worker
