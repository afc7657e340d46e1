#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "sys/unique_fd.h"
#include "worker/output/staging_buffer.h"

namespace procpool::worker {

/// What fd 1 is, as far as it matters for writing to it. See stat(2), tty(4), pipe(7).
enum class output_kind : std::uint8_t { pipe, socket, file, append_file, terminal, null_device, other };

output_kind kind_of(int fd);

/// How bytes get there. Measured per kind, see native/README.md.
enum class output_way : std::uint8_t {
  splice,  // much from one socket: socket → private pipe → output, never in user space
  copy,    // always: socket → buffer → output
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
/// is one staging buffer per worker. Never changes the flags of the descriptor it is given: they are shared with the
/// shell and the host. Worker; borrows `fd` and the buffer, owns its private pipe.
class output {
 public:
  /// Throws sys_error.
  output(int fd, staging_buffer& staging) : output(fd, staging, kind_of(fd)) {}
  output(int fd, staging_buffer& staging, output_kind kind) : output(fd, staging, kind, way_for(kind)) {}
  output(int fd, staging_buffer& staging, output_kind kind, output_way way);

  /// Reads what `connection` has ready into the buffer, as far as there is room: the number of bytes, 0 for the end of
  /// the stream, -EAGAIN for none now, or another errno negated.
  sys::result append_from(int connection);

  /// Moves what `connection` has ready by splicing, where that is the way; the buffer must be empty. Returns as
  /// append_from().
  sys::result splice_from(int connection);

  /// Moves what is staged to the output: 0 when all of it is out, -EAGAIN while the output takes no more, or another
  /// errno negated: the output is broken. `delivered` grows by what went out.
  sys::result flush(std::uint64_t& delivered);

  [[nodiscard]] staging_buffer& staging() { return staging_; }
  [[nodiscard]] const staging_buffer& staging() const { return staging_; }

  [[nodiscard]] output_way way() const { return way_; }

  /// The kernel lets one process at a time write to it, and has the others spin.
  [[nodiscard]] bool is_file() const { return kind_ == output_kind::file || kind_ == output_kind::append_file; }

  /// What to wait for after -EAGAIN.
  [[nodiscard]] wait_condition waits_for() const { return {fd_, EPOLLOUT}; }

 private:
  void make_pipe();
  sys::result drain_pipe();
  sys::result drain_buffer();
  /// write(2) to it would wait, in the description that is shared.
  [[nodiscard]] bool copies_by_pipe() const { return kind_ == output_kind::pipe && !reopened_; }
  sys::result write_by_pipe();
  [[nodiscard]] sys::result write(std::span<const char> data) const;

  int fd_;
  staging_buffer& staging_;
  output_kind kind_;
  output_way way_;
  sys::unique_fd reopened_;  // a description of our own of a terminal or pipe, which may be non-blocking
  sys::unique_fd pipe_in_;
  sys::unique_fd pipe_out_;
};

}  // namespace procpool::worker
