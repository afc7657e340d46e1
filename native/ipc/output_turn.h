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

/// The part of an output_turn that lies in shared memory.
struct turn_word {
  std::atomic<std::uint32_t> holder{0};  // a worker's number and one; 0: nobody
  std::atomic<std::uint32_t> contended{0};
  std::atomic<std::uint64_t> stuck_since_ns{0};  // stdout takes nothing from its holder; 0: it does
  std::atomic<std::uint64_t> moved_ns{0};        // when stdout has last taken anything of pieces
  std::atomic<output_end> end{output_end::whole};
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<output_end>::is_always_lock_free);
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

  /// The holder's: with what the output is about to end, before it writes, or ends now. It stays so when the holder
  /// dies.
  void leave_at(output_end end) {
    if (word_.end.load() != end) word_.end.store(end);
  }
  [[nodiscard]] output_end end() const { return word_.end.load(); }

  /// The holder's: stdout has taken something.
  void moved() { word_.moved_ns.store(sys::monotonic_ns()); }
  /// For how long it has not, from whichever worker.
  [[nodiscard]] std::uint64_t unmoved_ns() const { return sys::monotonic_ns() - word_.moved_ns.load(); }

  [[nodiscard]] int fd() const { return bell_; }
  /// After fd() was readable.
  void heard() const;

  /// The supervisor's: the worker has ended. Whoever waits tries again, and finds the output's end as the worker left
  /// it.
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
