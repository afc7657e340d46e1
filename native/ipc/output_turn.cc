#include "ipc/output_turn.h"

#include "sys/sys_error.h"

namespace procpool::ipc {
namespace {

void ring(int bell) {
  const std::uint64_t one = 1;
  // Fails only where it has been rung 2^64 - 2 times and not heard.
  [[maybe_unused]] const sys::result written = sys::write(bell, &one, sizeof one);
}

}  // namespace

sys::unique_fd output_turn::create_bell() { return sys::unique_fd(sys::check("eventfd2", sys::event_counter())); }

bool output_turn::take() {
  // Contended first, then another try: who gives back between the two either is seen or rings.
  if (try_take()) return true;
  word_.contended.store(1);
  if (try_take()) return true;
  waited_ = true;
  return false;
}

bool output_turn::try_take() {
  std::uint32_t nobody = 0;
  held_ = word_.holder.compare_exchange_strong(nobody, self_);
  if (!held_ || !waited_) return held_;
  // One ring wakes one who waits. If there are others, they hear this one, fail, and say that they wait.
  waited_ = false;
  ring(bell_);
  return true;
}

void output_turn::give_back() {
  held_ = false;
  word_.holder.store(0);
  if (word_.contended.exchange(0) != 0) ring(bell_);
}

void output_turn::heard() const {
  std::uint64_t rings = 0;
  // Another may have been the first to hear it.
  [[maybe_unused]] const sys::result read = sys::read(bell_, &rings, sizeof rings);
}

void output_turn::settle(turn_word& word, int bell, int worker) {
  std::uint32_t holder = number_of(worker);
  if (word.holder.load() == holder) word.stuck_since_ns.store(0);
  word.holder.compare_exchange_strong(holder, 0);
  ring(bell);
}

}  // namespace procpool::ipc
