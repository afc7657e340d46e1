#pragma once

#include <atomic>
#include <cstdint>

#include "sys/unique_fd.h"

namespace procpool::ipc {

/// Whether the output ends with a whole piece, where what is written consists of pieces.
enum class output_end : std::uint32_t {
  whole,      // it does
  part,       // or, if its writer has died in the call, perhaps with a whole one
  part_line,  // with a part, of which the last byte is a newline
};

/// The part of a write_lock that lies in shared memory.
struct write_lock_state {
  std::atomic<std::uint32_t> holder{0};  // a worker's number plus one; 0: nobody
  std::atomic<std::uint32_t> contended{0};
  std::atomic<std::uint64_t> blocked_since_ns{0};  // stdout takes nothing from its holder; 0: it does
  std::atomic<std::uint64_t> progress_ns{0};       // when stdout has last taken anything of pieces
  std::atomic<output_end> end{output_end::whole};
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<output_end>::is_always_lock_free);
};

/// The lock of the output that all workers share, so that what one of them writes stays in one piece.
/// Locked and unlocked without a system call while nobody waits, and waited for in a poller, not in
/// the call. Its state says who holds it, so that the supervisor can release it for a worker that died. Workers; the
/// eventfd is the supervisor's.
class write_lock {
 public:
  /// Throws sys_error.
  static sys::unique_fd create_wakeup();

  /// `wakeup_fd`: from create_wakeup(), borrowed. `worker`: its number. It holds the lock if the worker before it in
  /// its slot did.
  write_lock(write_lock_state& state, int wakeup_fd, int worker)
      : state_(state),
        wakeup_fd_(wakeup_fd),
        self_(number_of(worker)),
        held_(state.holder.load() == number_of(worker)) {}

  /// True: this worker holds it. False: wakeup_fd() becomes readable when it is worth another try.
  bool try_lock();
  void unlock();
  [[nodiscard]] bool held() const { return held_; }
  /// By this worker or another.
  [[nodiscard]] bool locked() const { return state_.holder.load() != 0; }
  /// Others wait for it.
  [[nodiscard]] bool contended() const { return state_.contended.load() != 0; }

  /// The holder's: stdout takes nothing, or takes bytes again.
  void note_blocked() { state_.blocked_since_ns.store(sys::monotonic_ns()); }
  void note_unblocked() {
    if (state_.blocked_since_ns.load() != 0) state_.blocked_since_ns.store(0);
  }
  /// For how long stdout has taken nothing, whichever worker holds the lock.
  [[nodiscard]] std::uint64_t blocked_ns() const {
    const std::uint64_t since = state_.blocked_since_ns.load();
    return since == 0 ? 0 : sys::monotonic_ns() - since;
  }

  /// The holder's: with what the output is about to end, before it writes, or ends now. It stays so when the holder
  /// dies.
  void set_end(output_end end) {
    if (state_.end.load() != end) state_.end.store(end);
  }
  [[nodiscard]] output_end end() const { return state_.end.load(); }

  /// The holder's: stdout has taken something.
  void note_progress() { state_.progress_ns.store(sys::monotonic_ns()); }
  /// For how long it has not, from whichever worker.
  [[nodiscard]] std::uint64_t since_progress_ns() const { return sys::monotonic_ns() - state_.progress_ns.load(); }

  [[nodiscard]] int wakeup_fd() const { return wakeup_fd_; }
  /// After wakeup_fd() was readable.
  void clear_wakeup() const;

  /// All who wait try again.
  void wake_others() const;

  /// The supervisor's: the worker has ended. Whoever waits tries again, and finds the output's end as the worker left
  /// it.
  static void release_dead(write_lock_state& state, int wakeup_fd, int worker);

 private:
  static std::uint32_t number_of(int worker) { return static_cast<std::uint32_t>(worker) + 1; }
  bool acquire();

  write_lock_state& state_;
  int wakeup_fd_;
  std::uint32_t self_;
  bool held_;
  bool waited_ = false;
};

}  // namespace procpool::ipc
