#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "ipc/stats_page.h"
#include "ipc/write_lock.h"
#include "worker/output/output.h"
#include "worker/output/output_memory.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// How the workers share stdout.
enum class sharing : std::uint8_t {
  bytes,    // what they write may mix: the write lock only saves time, and no worker waits long for it
  records,  // a record is in the output whole: whoever writes holds the write lock
};

/// The one way to stdout, for every handler. Raw bytes go from a socket to the staging buffer, or past it by splicing;
/// records are gathered and written many at a time, and a long one in parts, with the output to itself meanwhile. Where
/// a worker has died in the middle of a record, the next to write ends that with a newline. Knows the write lock and
/// the stall: while stdout takes nothing, waits_for() says what to wait for, and nothing here ever waits. Worker.
///
/// The discipline of the lock: it is held while writing to a file, where other processes would spin in the kernel, and
/// always for records; and by the one who waits for room in anything else, so that room wakes one worker and not all.
/// Where bytes may mix, a worker that has waited for half a second goes on without.
class record_writer {
 public:
  record_writer(output& out, output_memory& memory, const ipc::write_lock& lock, sharing how, worker_log& log,
                ipc::worker_slot& stats);

  /// Nobody else may write to a file while it is written to, however long that takes: its offset tells what was
  /// written, see intent.h. Who hangs meanwhile is killed and taken over from.
  void keep_files_exclusive() { exclusive_ = out_.is_file(); }

  // Raw bytes. `much`: the last read from that socket was a long one, so splicing is worth its calls.

  /// Writes what is staged if that leaves no room for more. False: it does not; see blocked() and broken().
  bool make_room(bool much);
  /// Moves what the socket has ready, after make_room(): bytes, 0 at its end, -EAGAIN for none, or an errno negated.
  sys::result read_from(const input& client, bool much);

  // Records.

  /// Adds one, if there is room for it. flush() brings it on its way.
  void add(std::span<const char> record);
  [[nodiscard]] bool has_room(std::size_t bytes) const { return bytes <= memory_.records.room(); }

  /// A record that is written in parts begins when nothing is pending and `open` of the memory is set, and ends when it
  /// is no longer. Where its next part goes, when nothing is pending; and so much of it is there: `staged`, how much of
  /// the record that makes, grows with it.
  [[nodiscard]] std::span<char> space() { return out_.staging().space(); }
  void add_part(std::size_t bytes, std::uint64_t& staged);
  /// After that, if parts of it are out and the rest will not come: ends the output with a newline.
  void mend();

  /// Bytes up to which records cannot be taken back any more; take_back() drops those behind `end_offset`.
  [[nodiscard]] std::uint64_t committed() const {
    return delivered_ + (memory_.mending ? 0 : out_.staging().pending());
  }
  void take_back(std::uint64_t end_offset);

  /// Records of workers that have died that were ended since the last call.
  std::uint64_t mended() { return std::exchange(mended_, 0); }

  // Both.

  /// Writes as much as there is: 0 if that is all, -EAGAIN when blocked(), or another errno negated when broken().
  sys::result flush();
  /// Stdout is broken: what it waits for cannot be waited for. Returns `error`, an errno negated.
  sys::result fail(sys::result error);
  /// From now on waits for no other worker where it need not.
  void hurry() { lock_timed_out_ = true; }
  /// What is pending will not be written.
  void give_up();

  [[nodiscard]] int wakeup_fd() const { return lock_.wakeup_fd(); }
  /// Who waits for the lock tries again.
  void wake_others() const { lock_.wake_others(); }

  /// It waits for room in stdout, or for the write lock.
  [[nodiscard]] bool blocked() const { return state_ == state::lock_wait || state_ == state::room_wait; }
  [[nodiscard]] wait_condition waits_for() const;
  /// Stdout takes nothing any more, for the reason of error(), an errno.
  [[nodiscard]] bool broken() const { return state_ == state::broken; }
  [[nodiscard]] int error() const { return error_; }
  /// Records can be added: the output takes what comes, and none is open.
  [[nodiscard]] bool takes_records() const { return !blocked() && !memory_.open; }
  /// There is something to write.
  [[nodiscard]] bool busy() const { return pending() > 0 || memory_.mending; }
  /// Nothing is half out: stdout may lead elsewhere now.
  [[nodiscard]] bool at_boundary() const { return !busy() && !memory_.open; }

  /// Bytes added so far, and those of them that are out.
  [[nodiscard]] std::uint64_t added() const { return added_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t pending() const { return added_ - delivered_; }

  /// For how long stdout has taken nothing although it was asked to, from whichever worker; and nothing at all.
  [[nodiscard]] std::uint64_t blocked_ns() const { return lock_.blocked_ns(); }
  [[nodiscard]] std::uint64_t since_progress_ns() const { return lock_.since_progress_ns(); }

 private:
  enum class state : std::uint8_t { writing, lock_wait, room_wait, broken };

  [[nodiscard]] bool splices(bool much) const { return much && out_.way() == output_way::splice; }
  /// It may write now: it holds the lock, or needs none.
  bool acquire();
  bool acquire_lock();
  bool wait_timed_out();
  sys::result wait_for_lock();
  sys::result wait_for_room(bool progress);
  sys::result done();
  void enter(state next);
  void begin_stall();
  void end_stall();

  sys::result write();
  sys::result write_staged();
  void stage();
  sys::result write_newline();
  void note_end();
  void set_end(ipc::output_end end);

  output& out_;
  output_memory& memory_;
  ipc::write_lock lock_;
  sharing sharing_;
  worker_log& log_;
  ipc::worker_slot& stats_;
  state state_ = state::writing;
  int error_ = 0;
  bool lock_timed_out_ = false;     // until the lock is seen to change hands
  bool exclusive_ = false;          // it waits for the lock without end
  std::uint64_t lock_wait_ns_ = 0;  // when the wait for the lock began
  std::uint64_t added_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t whole_ = 0;  // `delivered_` when the output last ended with a whole record
  std::uint64_t mended_ = 0;
};

}  // namespace procpool::worker
