#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "sys/unique_fd.h"

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
  std::uint32_t events;      // of epoll
  bool output_full = false;  // or another worker holds the write lock
  int most_ms = -1;          // after which to try again all the same; -1: no such time
};

/// The worker's way to stdout, through a stage that is flushed at the end of a round of the loop. Small reads are
/// gathered in a buffer, from many connections, and written together; what one connection has much of is moved by way
/// of a private pipe. The memory that waits for a slow reader is one stage per worker. Never changes the flags of the
/// descriptor it is given: they are shared with the shell and the host. Worker; owns its stage, not `fd`.
class output {
 public:
  static constexpr std::size_t stage_bytes = 1 << 18;

  /// Throws sys_error.
  explicit output(int fd) : output(fd, kind_of(fd)) {}
  output(int fd, output_kind kind) : output(fd, kind, way_for(kind)) {}
  output(int fd, output_kind kind, output_way way);

  /// Reads what `connection` has ready, as far as there is room, behind what the stage holds: the
  /// number of bytes, 0 for the end of the stream, -EAGAIN for none now, or another errno negated.
  sys::result gather(int connection);

  /// Copies `data` behind what the stage holds: how much of it there was room for.
  std::size_t gather(std::span<const char> data);

  /// Where the next bytes of the stage go, of which room() have room; and that so many are there.
  [[nodiscard]] std::span<char> space() { return {buffer_.get() + begin_ + gathered_, room()}; }
  void filled(std::size_t bytes) { gathered_ += bytes; }

  /// Moves what `connection` has ready, `most` bytes of it, into the stage, which must be empty: as
  /// gather(), and by splicing where that is the way.
  sys::result fill(int connection, std::size_t most = stage_bytes);

  /// Moves the stage to the output: 0 when it is empty again, -EAGAIN while the output takes no
  /// more, or another errno negated: the output is broken. `delivered` grows by what went out.
  sys::result flush(std::uint64_t& delivered);

  /// Bytes in the stage.
  [[nodiscard]] std::size_t pending() const { return gathered_ + piped_; }

  /// Bytes that can be gathered before the stage has to be flushed.
  [[nodiscard]] std::size_t room() const { return piped_ > 0 ? 0 : stage_bytes - begin_ - gathered_; }

  [[nodiscard]] output_way way() const { return way_; }

  /// The kernel lets one write at a time, and has the others spin.
  [[nodiscard]] bool is_locked() const { return kind_ == output_kind::file || kind_ == output_kind::append_file; }

  /// What to wait for after -EAGAIN.
  [[nodiscard]] wait_condition waits_for() const { return {fd_, EPOLLOUT, true}; }

 private:
  void make_pipe();
  sys::result receive(int connection, std::size_t most);
  sys::result fill_pipe(int connection, std::size_t most);
  sys::result drain_pipe();
  sys::result drain_buffer();
  /// write(2) to it would wait, in the description that is shared.
  [[nodiscard]] bool copies_by_pipe() const { return kind_ == output_kind::pipe && !reopened_; }
  sys::result put_by_pipe();
  [[nodiscard]] sys::result put(const char* data, std::size_t size) const;
  void taken(sys::result bytes);

  int fd_;
  output_kind kind_;
  output_way way_;
  sys::unique_fd reopened_;  // a description of our own of a terminal or pipe, which may be non-blocking
  sys::unique_fd pipe_in_;
  sys::unique_fd pipe_out_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;     // first byte of the buffer that is not out yet
  std::size_t gathered_ = 0;  // bytes from there on
  std::size_t piped_ = 0;     // bytes in the private pipe, which go first
};

}  // namespace procpool::worker
