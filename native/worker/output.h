#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sys/unique_fd.h"

namespace procpool::worker {

/// What fd 1 is, as far as it matters for writing to it. See stat(2), tty(4), pipe(7).
enum class output_kind : std::uint8_t { pipe, socket, file, append_file, terminal, null_device, other };

output_kind kind_of(int fd);

/// How bytes get there. Measured per kind, see native/README.md.
enum class output_way : std::uint8_t {
  splice,  // socket → private pipe → output, never in user space
  copy,    // socket → buffer → output
};

output_way way_for(output_kind kind);

/// What a worker waits for before it can write on.
struct awaited {
  int fd;
  std::uint32_t events;      // of epoll
  bool output_full = false;  // or it is another worker's turn
};

/// The worker's way to stdout: a stage, a private pipe or a buffer, that is filled from one
/// connection and flushed to the output before it is filled from the next. So no byte of one client
/// can get lost at its end or turn up in another's, and the memory that waits for a slow reader is
/// one stage per worker. Never changes the flags of the descriptor it is given: they are shared with
/// the shell and the host. Worker; owns its stage, not `fd`.
class output {
 public:
  static constexpr std::size_t stage_bytes = 1 << 18;

  /// Throws sys_error.
  explicit output(int fd) : output(fd, kind_of(fd)) {}
  output(int fd, output_kind kind) : output(fd, kind, way_for(kind)) {}
  output(int fd, output_kind kind, output_way way);

  /// Moves what `connection` has ready, `most` bytes of it, into the stage, which must be empty: the
  /// number of bytes, 0 for the end of the stream, -EAGAIN for none now, or another errno negated.
  sys::result fill(int connection, std::size_t most = stage_bytes);

  /// Copies `data` into the stage, which must be empty: how much of it, or an errno negated.
  sys::result fill(std::span<const char> data);

  /// Moves the stage to the output: 0 when it is empty again, -EAGAIN while the output takes no
  /// more, or another errno negated: the output is broken. `delivered` grows by what went out.
  sys::result flush(std::uint64_t& delivered);

  /// Bytes in the stage.
  [[nodiscard]] std::size_t pending() const { return pending_; }

  /// What to wait for after -EAGAIN.
  [[nodiscard]] awaited room() const { return {fd_, EPOLLOUT, true}; }

 private:
  sys::result fill_pipe(int connection, std::size_t most);
  sys::result fill_buffer(int connection, std::size_t most);
  sys::result staged(sys::result bytes);
  sys::result drain_pipe();
  sys::result drain_buffer();
  sys::result put(const char* data, std::size_t size) const;
  void use_buffer();

  int fd_;
  output_kind kind_;
  output_way way_;
  sys::unique_fd reopened_;  // a description of our own of the terminal, which may be non-blocking
  sys::unique_fd pipe_in_;
  sys::unique_fd pipe_out_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // first byte of the buffer that is not out yet
  std::size_t pending_ = 0;
};

}  // namespace procpool::worker
