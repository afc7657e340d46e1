#include "worker/output/write_turn.h"

namespace procpool::worker {
namespace {

// Longer than most writes take that wait for a disk, or for a reader that reads. It is looked at when something comes,
// and when nothing has come for so long.
constexpr int patience_ms = 500;

}  // namespace

bool write_turn::came() {
  if (turn_.held()) return true;
  if (!exclusive_ && !waiting() && !turn_.taken()) return true;
  return take();
}

void write_turn::wrote(end how) {
  if (how == full) {
    if (!exclusive_ && !turn_.held()) take();
  } else if (turn_.held()) {
    turn_.give_back();
  }
}

bool write_turn::take() {
  if (waiting()) turn_.heard();
  if (turn_.take()) {
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

awaited write_turn::waits_for() const { return {turn_.fd(), EPOLLIN, false, patience_ms}; }

}  // namespace procpool::worker
