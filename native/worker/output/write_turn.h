#pragma once

#include <cstdint>

#include "ipc/output_turn.h"
#include "worker/output/output.h"

namespace procpool::worker {

/// Keeps the workers that share stdout from being held up by it all at once. One at a time writes to
/// a file, where the others would spin in the kernel for its lock; one at a time waits for room in
/// anything else, where all would be woken for what one of them takes. It only saves time: what is
/// written is safe without, and a worker whose turn does not come, because who has it was stopped or
/// a reader is slow, goes on as if there were none. Worker.
class write_turn {
 public:
  /// How a write ended: the output takes no more for now, or all of it is out, or never will be.
  enum end : std::uint8_t { full, all };

  write_turn(const output& out, const ipc::output_turn& turn) : turn_(turn), exclusive_(out.is_locked()) {}

  /// True: write now, and say how it ended. False: waits_for() says when to ask again.
  bool came();
  void wrote(end how);

  /// For another worker's turn to end.
  [[nodiscard]] bool waiting() const { return since_ns_ != 0; }
  [[nodiscard]] awaited waits_for() const;

 private:
  bool take();

  ipc::output_turn turn_;
  bool exclusive_;
  bool impatient_ = false;  // until the turn is seen to go on
  std::uint64_t since_ns_ = 0;
};

}  // namespace procpool::worker
