#include "ipc/write_lock.h"

#include "sys/sys_error.h"

namespace procpool::ipc {
namespace {

void wake(int wakeup_fd) {
  const std::uint64_t count = 1;
  // Fails only after 2^64 - 2 writes without a read.
  [[maybe_unused]] const sys::result written = sys::write(wakeup_fd, &count, sizeof count);
}

}  // namespace

sys::unique_fd write_lock::create_wakeup() { return sys::unique_fd(sys::check("eventfd2", sys::event_counter())); }

bool write_lock::try_lock() {
  // Contended first, then another try: who unlocks between the two either is seen or wakes.
  if (acquire()) return true;
  state_.contended.store(1);
  if (acquire()) return true;
  waited_ = true;
  return false;
}

bool write_lock::acquire() {
  std::uint32_t nobody = 0;
  held_ = state_.holder.compare_exchange_strong(nobody, self_);
  if (!held_ || !waited_) return held_;
  // A wakeup wakes one who waits. If there are others, this one makes them try, fail, and say that they wait.
  waited_ = false;
  wake(wakeup_fd_);
  return true;
}

void write_lock::unlock() {
  held_ = false;
  state_.holder.store(0);
  if (state_.contended.exchange(0) != 0) wake(wakeup_fd_);
}

void write_lock::clear_wakeup() const {
  std::uint64_t wakeups = 0;
  // Another may have read it first.
  [[maybe_unused]] const sys::result read = sys::read(wakeup_fd_, &wakeups, sizeof wakeups);
}

void write_lock::wake_others() const {
  if (wakeup_fd_ >= 0) wake(wakeup_fd_);
}

void write_lock::release_dead(write_lock_state& state, int wakeup_fd, int worker) {
  std::uint32_t holder = number_of(worker);
  if (state.holder.load() == holder) state.blocked_since_ns.store(0);
  state.holder.compare_exchange_strong(holder, 0);
  wake(wakeup_fd);
}

}  // namespace procpool::ipc
