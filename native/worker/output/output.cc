#include "worker/output/output.h"

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

// Device numbers that never change on Linux: Documentation/admin-guide/devices.txt.
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

// So that a reader that falls behind for a moment does not stop the workers at once: pipe(7).
void widen(int fd) {
  const sys::result size = sys::pipe_size(fd);
  // Refused beyond the user's quota: then it keeps the size it has.
  if (size >= 0 && size < sys::result{staging_buffer::capacity}) {
    [[maybe_unused]] const sys::result sized = sys::set_pipe_size(fd, staging_buffer::capacity);
  }
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

output::output(int fd, staging_buffer& staging, output_kind kind, output_way way)
    : fd_(fd), staging_(staging), kind_(kind), way_(way) {
  if (kind_ == output_kind::pipe) widen(fd);
  if (kind_ == output_kind::terminal || kind_ == output_kind::pipe) {
    reopened_ = reopen(fd);
    if (reopened_) fd_ = reopened_.get();
  }
  if (way_ == output_way::splice || copies_by_pipe()) make_pipe();
}

void output::make_pipe() {
  int ends[2];
  sys::check("pipe2", sys::pipe(ends, sys::blocking::no));
  pipe_out_.reset(ends[0]);
  pipe_in_.reset(ends[1]);
  widen(pipe_in_.get());
}

sys::result output::append_from(int connection) {
  const std::span<char> space = staging_.space();
  const sys::result received = sys::receive(connection, space.data(), space.size());
  if (received > 0) staging_.add(static_cast<std::size_t>(received));
  return received;
}

sys::result output::splice_from(int connection) {
  if (way_ != output_way::splice) return append_from(connection);
  const sys::result moved = sys::splice(connection, pipe_in_.get(), staging_buffer::capacity);
  if (moved > 0) staging_.add_piped(static_cast<std::size_t>(moved));
  if (moved > 0) return moved;
  // splice(2) does not get past TCP urgent data: it says EAGAIN, or what it says at the stream's end,
  // although bytes are left. recv(2) goes on, and SO_OOBINLINE keeps the urgent byte in its place.
  const sys::result received = append_from(connection);
  return received <= 0 && moved < 0 && moved != -EAGAIN ? moved : received;
}

sys::result output::flush(std::uint64_t& delivered) {
  while (staging_.pending() > 0) {
    const sys::result moved = staging_.piped() > 0 ? drain_pipe() : drain_buffer();
    if (moved < 0) return moved;
    delivered += static_cast<std::uint64_t>(moved);
  }
  return 0;
}

sys::result output::drain_pipe() {
  const std::size_t piped = staging_.piped();
  const sys::result moved = sys::splice(pipe_out_.get(), fd_, piped);
  if (moved == 0) return -EIO;
  if (moved > 0) staging_.remove_piped(static_cast<std::size_t>(moved));
  if (moved != -EINVAL || copies_by_pipe()) return moved;
  // The output does not splice after all: go on by copying, with what the pipe holds first.
  way_ = output_way::copy;
  staging_.remove_piped(piped);
  const sys::result got = sys::read(pipe_out_.get(), staging_.space().data(), piped);
  if (got == static_cast<sys::result>(piped)) {
    staging_.add(piped);
    return 0;
  }
  staging_.add_piped(piped);
  return got < 0 ? got : -EIO;
}

sys::result output::drain_buffer() {
  if (copies_by_pipe()) return write_by_pipe();
  const sys::result moved = write(staging_.bytes());
  if (moved == 0) return -EIO;
  if (moved > 0) staging_.remove(static_cast<std::size_t>(moved));
  return moved;
}

sys::result output::write_by_pipe() {
  const std::span<const char> bytes = staging_.bytes();
  const sys::result moved = sys::write(pipe_in_.get(), bytes.data(), bytes.size());
  // The pipe is empty, and so has room.
  if (moved <= 0) return moved == 0 || moved == -EAGAIN ? -EIO : moved;
  staging_.remove(static_cast<std::size_t>(moved));
  staging_.add_piped(static_cast<std::size_t>(moved));
  return 0;
}

sys::result output::write(std::span<const char> data) const {
  if (kind_ == output_kind::socket) return sys::send(fd_, data.data(), data.size());
  std::size_t size = data.size();
  if (kind_ == output_kind::terminal && !reopened_) {
    std::array<pollfd, 1> room{{{fd_, POLLOUT, 0}}};
    if (sys::poll(room, 0) == 0) return -EAGAIN;
    size = std::min(size, blocking_terminal_bytes);
  }
  return sys::write(fd_, data.data(), size);
}

}  // namespace procpool::worker
