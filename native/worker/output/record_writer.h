#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "ipc/stats_page.h"
#include "ipc/write_lock.h"
#include "worker/output/output.h"
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
  record_writer(output& out, const ipc::write_lock& lock, sharing how, worker_log& log, ipc::worker_slot& stats);

  // Raw bytes. `much`: the last read from that socket was a long one, so splicing is worth its calls.

  /// Writes what is staged if that leaves no room for more. False: it does not; see blocked() and broken().
  bool make_room(bool much);
  /// Moves what the socket has ready, after make_room(): bytes, 0 at its end, -EAGAIN for none, or an errno negated.
  sys::result read_from(int socket, bool much);

  // Records.

  /// Adds one. flush() brings it on its way. Throws std::bad_alloc, and has not changed then.
  void add(std::span<const char> record);

  /// A record that is written in parts begins, when nothing is pending; and ends.
  void open() { open_ = true; }
  void close() { open_ = false; }
  /// Where its next part goes, when nothing is pending; and so much of it is there.
  [[nodiscard]] std::span<char> space() { return out_.staging().space(); }
  void add_part(std::size_t bytes);
  /// It ends here although it is not whole, after parts of it are out.
  void tear();

  /// Bytes up to which records cannot be taken back any more; take_back() drops those behind `end_offset`.
  [[nodiscard]] std::uint64_t committed() const { return delivered_ + (mending_ ? 0 : out_.staging().pending()); }
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

  /// It waits for room in stdout, or for the write lock.
  [[nodiscard]] bool blocked() const { return state_ == state::lock_wait || state_ == state::room_wait; }
  [[nodiscard]] wait_condition waits_for() const;
  /// Stdout takes nothing any more, for the reason of error(), an errno.
  [[nodiscard]] bool broken() const { return state_ == state::broken; }
  [[nodiscard]] int error() const { return error_; }
  /// Records can be added: the output takes what comes, and none is open.
  [[nodiscard]] bool takes_records() const { return !blocked() && !open_; }
  /// There is something to write.
  [[nodiscard]] bool busy() const { return pending() > 0 || mending_; }
  /// Nothing is half out: stdout may lead elsewhere now.
  [[nodiscard]] bool at_boundary() const { return !busy() && !open_; }

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
  void mend();
  sys::result write_newline();
  void note_end();
  void set_end(ipc::output_end end);

  output& out_;
  ipc::write_lock lock_;
  sharing sharing_;
  worker_log& log_;
  ipc::worker_slot& stats_;
  state state_ = state::writing;
  int error_ = 0;
  bool lock_timed_out_ = false;     // until the lock is seen to change hands
  std::uint64_t lock_wait_ns_ = 0;  // when the wait for the lock began
  std::string gathered_;            // records
  std::size_t staged_ = 0;          // bytes of them that the staging buffer has got
  std::uint64_t added_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t whole_ = 0;  // `delivered_` when the output last ended with a whole record
  std::uint64_t mended_ = 0;
  bool open_ = false;
  bool mending_ = false;  // the staging buffer holds the newline that ends a torn record, and nothing else
};

}  // namespace procpool::worker
