#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "ipc/stats_page.h"
#include "sys/unique_fd.h"
#include "worker/output/output_memory.h"

namespace procpool::worker {

/// What fd 1 is, as far as it matters for writing to it. See stat(2), tty(4), pipe(7).
enum class output_kind : std::uint8_t { pipe, socket, file, append_file, terminal, null_device, other };

output_kind kind_of(int fd);

/// How bytes get there. Measured per kind, see native/README.md.
enum class output_way : std::uint8_t {
  splice,  // much from one socket: socket → private pipe → output, never in user space
  copy,    // always: socket → buffer → output
};

/// From where bytes come: a client's socket, with what is known of it. Borrowed.
struct input {
  int socket;
  std::uint64_t& received;  // bytes
  int& error;               // of the socket, which told it before bytes that had come earlier
};

output_way way_for(output_kind kind);

/// What a worker waits for before it can write on.
struct wait_condition {
  int fd;
  std::uint32_t events;  // of epoll
  int timeout_ms = -1;   // after which to try again all the same; -1: never
};

/// The worker's way to stdout. Small reads are appended to the staging buffer, from many connections, and written
/// together; what one connection has much of is moved by way of a private pipe. The memory that waits for a slow reader
/// is one staging buffer per worker. Each call that moves bytes is noted in an intent, so that it is known what it did
/// even if the worker dies in it. That is why small pieces go to a pipe by way of the private one, which can be asked
/// how much it holds. Never changes the flags of the descriptor it is given: they are shared with the shell and the
/// host. Worker; borrows `fd` and the memory, owns its private pipe, unless the memory says that it had one before.
class output {
 public:
  /// Throws sys_error.
  output(int fd, output_memory& memory, ipc::worker_slot& stats) : output(fd, memory, stats, kind_of(fd)) {}
  output(int fd, output_memory& memory, ipc::worker_slot& stats, output_kind kind)
      : output(fd, memory, stats, kind, way_for(kind)) {}
  output(int fd, output_memory& memory, ipc::worker_slot& stats, output_kind kind, output_way way);

  /// Reads what a client has ready into the buffer, as far as there is room, and counts it: the number of bytes, 0 for
  /// the end of the stream, -EAGAIN for none now, or another errno negated.
  sys::result append_from(const input& client);

  /// Moves what a client has ready by splicing, where that is the way; the buffer must be empty. Returns as
  /// append_from().
  sys::result splice_from(const input& client);

  /// Moves what is staged to the output: 0 when all of it is out, -EAGAIN while the output takes no more, or another
  /// errno negated: the output is broken. `delivered` grows by what went out. `counts`: clients have sent it.
  sys::result flush(std::uint64_t& delivered, bool counts = true);

  /// After the death of the worker before: sets the counts right for the call in which it died, if that was one of
  /// these. May be interrupted, and repeated.
  static void repair(int fd, output_memory& memory);

  [[nodiscard]] staging_buffer& staging() { return staging_; }
  [[nodiscard]] const staging_buffer& staging() const { return staging_; }

  [[nodiscard]] output_way way() const { return way_; }

  /// The kernel lets one process at a time write to it, and has the others spin.
  [[nodiscard]] bool is_file() const { return kind_ == output_kind::file || kind_ == output_kind::append_file; }

  /// What to wait for after -EAGAIN.
  [[nodiscard]] wait_condition waits_for() const { return {fd_, EPOLLOUT}; }

 private:
  void make_pipe();
  [[nodiscard]] int pipe_in() const { return static_cast<int>(memory_.pipe_in) - 1; }
  [[nodiscard]] int pipe_out() const { return static_cast<int>(memory_.pipe_out) - 1; }
  sys::result read_noted(const input& client);
  sys::result drain_pipe();
  sys::result read_back();
  sys::result drain_buffer();
  sys::result write_to_pipe();
  sys::result send();
  sys::result write();

  int fd_;
  output_memory& memory_;
  staging_buffer& staging_;
  intent& call_;
  ipc::worker_slot& stats_;
  output_kind kind_;
  output_way way_;
  bool by_pipe_;                  // small pieces, too
  std::uint64_t* out_ = nullptr;  // where what goes out is counted
  sys::unique_fd reopened_;       // a description of our own of a terminal or pipe, which may be non-blocking
};

}  // namespace procpool::worker
