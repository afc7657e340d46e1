#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ipc/output_turn.h"
#include "ipc/stats_page.h"
#include "worker/output.h"

namespace procpool::worker {

/// Brings pieces to stdout, each whole: no other worker's bytes come in between, nor another
/// piece's. Pieces are gathered and written together, which is one write for many; a long one may
/// come in parts instead, and has the output to itself meanwhile. Never waits. Worker.
class delivery {
 public:
  delivery(output& out, const ipc::output_turn& turn, ipc::worker_slot& stats)
      : out_(out), turn_(turn), stats_(stats) {}

  /// Adds a piece, or a part of the open one. flush() brings it on its way.
  void add(std::span<const char> data);

  /// A piece that comes in parts begins; and ends.
  void open() { open_ = true; }
  void close() { open_ = false; }

  /// Moves the open piece's next part from a connection, when nothing is pending: as output::fill().
  sys::result move(int connection, std::uint64_t most);

  /// Writes as much as there is: 0 if that is all, -EAGAIN when waits_for() says on what it waits,
  /// or another errno negated: stdout is broken.
  sys::result flush();
  [[nodiscard]] awaited waits_for() const;

  /// Pieces can be added: the output takes what comes, and none is open.
  [[nodiscard]] bool flows() const { return !blocked_ && !open_; }

  [[nodiscard]] bool blocked() const { return blocked_; }
  /// For how long stdout has taken nothing, from whichever worker.
  [[nodiscard]] std::uint64_t stuck_ns() const { return turn_.stuck_ns(); }
  /// Another worker waits for its turn.
  [[nodiscard]] bool wanted() const { return turn_.wanted(); }

  /// Bytes added so far, and those of them that are out.
  [[nodiscard]] std::uint64_t added() const { return added_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t pending() const { return added_ - delivered_; }

  /// Bytes up to which pieces are on their way for good; those behind can be taken back, from the
  /// one on that begins at `mark`.
  [[nodiscard]] std::uint64_t committed() const { return delivered_ + out_.pending(); }
  void take_back(std::uint64_t mark);

 private:
  sys::result wait();
  sys::result write();

  output& out_;
  ipc::output_turn turn_;
  ipc::worker_slot& stats_;
  std::string gathered_;
  std::size_t staged_ = 0;  // bytes of it that the output's stage has got
  std::uint64_t added_ = 0;
  std::uint64_t delivered_ = 0;
  bool open_ = false;
  bool blocked_ = false;
};

}  // namespace procpool::worker
