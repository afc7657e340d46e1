#include "worker/output/optional_write_lock.h"

namespace procpool::worker {
namespace {

// Longer than most writes take that wait for a disk, or for a reader that reads. It is looked at when something comes,
// and when nothing has come for so long.
constexpr int patience_ms = 500;

}  // namespace

bool optional_write_lock::try_lock() {
  if (lock_.held()) return true;
  if (!exclusive_ && !waiting() && !lock_.locked()) return true;
  return acquire();
}

void optional_write_lock::unlock(end how) {
  if (how == full) {
    if (!exclusive_ && !lock_.held()) acquire();
  } else if (lock_.held()) {
    lock_.unlock();
  }
}

bool optional_write_lock::acquire() {
  if (waiting()) lock_.clear_wakeup();
  if (lock_.try_lock()) {
    impatient_ = false;
  } else if (!impatient_) {
    const std::uint64_t now_ns = sys::monotonic_ns();
    if (!waiting()) since_ns_ = now_ns;
    impatient_ = now_ns - since_ns_ >= patience_ms * std::uint64_t{1'000'000};
    if (!impatient_) return false;
  }
  since_ns_ = 0;
  return true;
}

wait_condition optional_write_lock::waits_for() const { return {lock_.wakeup_fd(), EPOLLIN, false, patience_ms}; }

}  // namespace procpool::worker
