#pragma once

#include <atomic>
#include <cstdint>

#include "sys/unique_fd.h"

namespace procpool::ipc {

/// The part of an output_turn that lies in shared memory.
struct turn_word {
  std::atomic<std::uint32_t> holder{0};  // a worker's number and one; 0: nobody
  std::atomic<std::uint32_t> contended{0};
  std::atomic<std::uint64_t> stuck_since_ns{0};  // stdout takes nothing from its holder; 0: it does
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
};

/// Whose turn it is to write to stdout, where what one worker writes must stay in one piece although
/// all of them share the output: a lock that is taken and given back without a system call while
/// nobody waits, and waited for in a poller, not in the call. Its word says who holds it, so that the
/// supervisor can give it back for a worker that died. Workers; the eventfd is the supervisor's.
class output_turn {
 public:
  /// Throws sys_error.
  static sys::unique_fd create_bell();

  /// `bell`: from create_bell(), borrowed. `worker`: its number.
  output_turn(turn_word& word, int bell, int worker) : word_(word), bell_(bell), self_(number_of(worker)) {}

  /// True: it is this worker's. False: fd() becomes readable when it is worth another try.
  bool take();
  void give_back();
  [[nodiscard]] bool held() const { return held_; }
  /// By this worker or another.
  [[nodiscard]] bool taken() const { return word_.holder.load() != 0; }
  /// Others wait for it.
  [[nodiscard]] bool wanted() const { return word_.contended.load() != 0; }

  /// The holder's: stdout takes nothing, or takes bytes again.
  void stuck() { word_.stuck_since_ns.store(sys::monotonic_ns()); }
  void moves() {
    if (word_.stuck_since_ns.load() != 0) word_.stuck_since_ns.store(0);
  }
  /// For how long stdout has taken nothing, from whichever worker has the turn.
  [[nodiscard]] std::uint64_t stuck_ns() const {
    const std::uint64_t since = word_.stuck_since_ns.load();
    return since == 0 ? 0 : sys::monotonic_ns() - since;
  }

  [[nodiscard]] int fd() const { return bell_; }
  /// After fd() was readable.
  void heard() const;

  /// The supervisor's: the worker has ended. Whoever waits tries again.
  static void settle(turn_word& word, int bell, int worker);

 private:
  static std::uint32_t number_of(int worker) { return static_cast<std::uint32_t>(worker) + 1; }
  bool try_take();

  turn_word& word_;
  int bell_;
  std::uint32_t self_;
  bool held_ = false;
  bool waited_ = false;
};

}  // namespace procpool::ipc
