#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "ipc/stats_page.h"
#include "ipc/write_lock.h"
#include "worker/output/output.h"

namespace procpool::worker {

/// Brings pieces to stdout, each whole: no other worker's bytes come in between, nor another
/// piece's. Pieces are gathered and written together, which is one write for many; a long one is
/// written in parts instead, and has the output to itself meanwhile. Where a worker has died in the
/// middle of a piece, the next to write ends that with a newline. Never waits. Worker.
class delivery {
 public:
  delivery(output& out, const ipc::write_lock& lock, ipc::worker_slot& stats) : out_(out), lock_(lock), stats_(stats) {}

  /// Adds a piece. flush() brings it on its way. Throws std::bad_alloc, and has not changed then.
  void add(std::span<const char> data);

  /// A piece that is written in parts begins, when nothing is pending; and ends.
  void open() { open_ = true; }
  void close() { open_ = false; }

  /// Where the open piece's next part goes, when nothing is pending; and that so much of it is there.
  [[nodiscard]] std::span<char> space() { return out_.space(); }
  void filled(std::size_t bytes);

  /// The open piece ends here although it is not whole, after parts of it are out.
  void tear();

  /// Writes as much as there is: 0 if that is all, -EAGAIN when waits_for() says on what it waits,
  /// or another errno negated: stdout is broken.
  sys::result flush();
  [[nodiscard]] wait_condition waits_for() const;

  /// Pieces can be added: the output takes what comes, and none is open.
  [[nodiscard]] bool flows() const { return !blocked_ && !open_; }

  [[nodiscard]] bool blocked() const { return blocked_; }
  /// For how long stdout has taken nothing although it was asked to, from whichever worker.
  [[nodiscard]] std::uint64_t blocked_ns() const { return lock_.blocked_ns(); }
  /// For how long it has taken nothing.
  [[nodiscard]] std::uint64_t since_progress_ns() const { return lock_.since_progress_ns(); }

  /// Bytes added so far, and those of them that are out.
  [[nodiscard]] std::uint64_t added() const { return added_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t pending() const { return added_ - delivered_; }
  /// There is something to write.
  [[nodiscard]] bool busy() const { return pending() > 0 || mending_; }

  /// Bytes up to which pieces are on their way for good; those behind can be taken back, from the
  /// one on that begins at `mark`.
  [[nodiscard]] std::uint64_t committed() const { return delivered_ + (mending_ ? 0 : out_.pending()); }
  void take_back(std::uint64_t mark);

  /// Pieces of workers that have died that were ended since the last call.
  std::uint64_t mended() { return std::exchange(mended_, 0); }

 private:
  sys::result wait();
  void mend();
  sys::result write_mending();
  sys::result write();
  void note_end();

  output& out_;
  ipc::write_lock lock_;
  ipc::worker_slot& stats_;
  std::string gathered_;
  std::size_t staged_ = 0;  // bytes of it that the output's stage has got
  std::uint64_t added_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t whole_ = 0;  // `delivered_` when the output last ended with a whole piece
  std::uint64_t mended_ = 0;
  bool open_ = false;
  bool blocked_ = false;
  bool mending_ = false;  // the stage holds the newline that ends a torn piece, and nothing else
};

}  // namespace procpool::worker
