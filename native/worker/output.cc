#include "worker/output.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "sys/sys_error.h"

namespace procpool::worker {
namespace {

// A terminal that cannot be reopened blocks on writes larger than its room; poll(2) promises only a little.
constexpr std::size_t blocking_terminal_bytes = 256;

// Device numbers that Linux has given away for good: Documentation/admin-guide/devices.txt.
bool is_null_device(const struct stat& status) { return status.st_rdev == makedev(1, 3); }

// Opening a pseudo-terminal's master again makes another terminal.
bool is_terminal_master(const struct stat& status) { return status.st_rdev == makedev(5, 2); }

sys::unique_fd reopen(int fd) {
  struct stat status {};
  if (sys::file_status(fd, status) < 0 || is_terminal_master(status)) return {};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const sys::result own = sys::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY);
  return sys::unique_fd(own < 0 ? -1 : static_cast<int>(own));
}

output_kind character_device_kind(int fd, const struct stat& status) {
  if (sys::is_terminal(fd)) return output_kind::terminal;
  return is_null_device(status) ? output_kind::null_device : output_kind::other;
}

}  // namespace

output_kind kind_of(int fd) {
  struct stat status {};
  sys::check("fstat", sys::file_status(fd, status));
  const int flags = sys::check("fcntl", sys::status_flags(fd));
  if (S_ISFIFO(status.st_mode)) return output_kind::pipe;
  if (S_ISSOCK(status.st_mode)) return output_kind::socket;
  if (S_ISREG(status.st_mode)) return (flags & O_APPEND) != 0 ? output_kind::append_file : output_kind::file;
  if (S_ISCHR(status.st_mode)) return character_device_kind(fd, status);
  return output_kind::other;
}

output_way way_for(output_kind kind) {
  // To a blocking socket splice(2) waits however it is flagged. To a plain file it does not take the
  // lock of the offset that the workers share; to one in append mode or a terminal it gives EINVAL.
  return kind == output_kind::pipe || kind == output_kind::null_device ? output_way::splice : output_way::copy;
}

output::output(int fd, output_kind kind, output_way way) : fd_(fd), kind_(kind), way_(way) {
  if (kind_ == output_kind::terminal) {
    reopened_ = reopen(fd);
    if (reopened_) fd_ = reopened_.get();
  }
  if (way_ == output_way::copy) {
    use_buffer();
    return;
  }
  int ends[2];
  sys::check("pipe2", sys::pipe(ends, sys::blocking::no));
  pipe_out_.reset(ends[0]);
  pipe_in_.reset(ends[1]);
  // Refused beyond the user's quota (pipe(7)): then it keeps the size it has.
  [[maybe_unused]] const sys::result sized = sys::set_pipe_size(pipe_in_.get(), stage_bytes);
}

sys::result output::fill(int connection, std::size_t most) {
  most = std::min(most, stage_bytes);
  return staged(way_ == output_way::splice ? fill_pipe(connection, most) : fill_buffer(connection, most));
}

sys::result output::fill(std::span<const char> data) {
  const std::size_t size = std::min(data.size(), stage_bytes);
  if (way_ == output_way::splice) return staged(sys::write(pipe_in_.get(), data.data(), size));
  begin_ = 0;
  std::copy_n(data.data(), size, buffer_.data());
  return staged(static_cast<sys::result>(size));
}

sys::result output::staged(sys::result bytes) {
  if (bytes > 0) pending_ = static_cast<std::size_t>(bytes);
  return bytes;
}

sys::result output::flush(std::uint64_t& delivered) {
  while (pending_ > 0) {
    const sys::result moved = way_ == output_way::splice ? drain_pipe() : drain_buffer();
    if (moved < 0) return moved;
    pending_ -= static_cast<std::size_t>(moved);
    delivered += static_cast<std::uint64_t>(moved);
  }
  return 0;
}

sys::result output::fill_pipe(int connection, std::size_t most) {
  const sys::result moved = sys::splice(connection, pipe_in_.get(), most);
  if (moved > 0) return moved;
  // splice(2) does not get past TCP urgent data: it says EAGAIN, or what it says at the stream's end,
  // although bytes are left. recv(2) goes on, and SO_OOBINLINE keeps the urgent byte in its place.
  std::array<char, 4096> bytes;
  const sys::result received = sys::receive(connection, bytes.data(), std::min(bytes.size(), most));
  if (received <= 0) return moved < 0 && moved != -EAGAIN ? moved : received;
  const sys::result written = sys::write(pipe_in_.get(), bytes.data(), static_cast<std::size_t>(received));
  return written == received ? written : -EIO;
}

sys::result output::fill_buffer(int connection, std::size_t most) {
  begin_ = 0;
  return sys::receive(connection, buffer_.data(), most);
}

sys::result output::drain_pipe() {
  const sys::result moved = sys::splice(pipe_out_.get(), fd_, pending_);
  if (moved == 0) return -EIO;
  if (moved != -EINVAL) return moved;
  // The output does not splice after all: go on by copying, with what the pipe holds first.
  use_buffer();
  const sys::result taken = sys::read(pipe_out_.get(), buffer_.data(), buffer_.size());
  if (taken < 0) return taken;
  return static_cast<std::size_t>(taken) == pending_ ? 0 : -EIO;
}

sys::result output::drain_buffer() {
  const sys::result moved = put(buffer_.data() + begin_, pending_);
  if (moved == 0) return -EIO;
  if (moved > 0) begin_ += static_cast<std::size_t>(moved);
  return moved;
}

sys::result output::put(const char* data, std::size_t size) const {
  if (kind_ == output_kind::socket) return sys::send(fd_, data, size);
  if (kind_ == output_kind::terminal && !reopened_) {
    std::array<pollfd, 1> room{{{fd_, POLLOUT, 0}}};
    if (sys::poll(room, 0) == 0) return -EAGAIN;
    size = std::min(size, blocking_terminal_bytes);
  }
  return sys::write(fd_, data, size);
}

void output::use_buffer() {
  way_ = output_way::copy;
  buffer_.resize(stage_bytes);
  begin_ = 0;
}

}  // namespace procpool::worker
