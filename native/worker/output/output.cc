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

/// A file in append mode writes at its end, wherever the offset is, and moves it there.
sys::result offset_before(int fd, output_kind kind) {
  return kind == output_kind::append_file ? sys::seek_end(fd) : sys::offset_of(fd);
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

output::output(int fd, output_memory& memory, ipc::worker_slot& stats, output_kind kind, output_way way)
    : fd_(fd),
      memory_(memory),
      staging_(memory.staging),
      call_(memory.call),
      stats_(stats),
      kind_(kind),
      way_(way),
      by_pipe_(kind == output_kind::pipe) {
  if (kind_ == output_kind::pipe) widen(fd);
  if (kind_ == output_kind::terminal || kind_ == output_kind::pipe) {
    reopened_ = reopen(fd);
    if (reopened_) fd_ = reopened_.get();
  }
  const bool needs_pipe = way_ == output_way::splice || by_pipe_;
  if (needs_pipe && memory_.pipe_in == 0) make_pipe();
}

/// The ends are known to the memory alone: it may outlive this process.
void output::make_pipe() {
  int ends[2];
  sys::check("pipe2", sys::pipe(ends, sys::blocking::no));
  widen(ends[1]);
  memory_.pipe_out = static_cast<std::uint64_t>(ends[0]) + 1;
  memory_.pipe_in = static_cast<std::uint64_t>(ends[1]) + 1;
}

sys::result output::append_from(const input& client) {
  for (;;) {
    const sys::result read = read_noted(client);
    if (read > 0 || read == -EAGAIN) return read;
    if (client.error != 0) return -client.error;
    if (read == 0) return 0;
    // Bytes that came before the error are still there: recvmmsg(2).
    client.error = static_cast<int>(-read);
  }
}

sys::result output::read_noted(const input& client) {
  const std::span<char> space = staging_.space();
  call_.begin(intent::call::receive, 0, space.size(),
              {intent::adds(staging_.end), intent::adds(client.received), intent::adds(stats_.bytes_in.word())});
  const sys::result read = sys::receive_noted(client.socket, space.data(), space.size(), call_.transfer);
  call_.end(read > 0 ? static_cast<std::uint64_t>(read) : 0);
  return read;
}

sys::result output::splice_from(const input& client) {
  if (way_ != output_way::splice) return append_from(client);
  call_.begin(intent::call::fill_pipe, staging_.piped, staging_buffer::capacity,
              {intent::adds(staging_.piped), intent::adds(client.received), intent::adds(stats_.bytes_in.word())});
  const sys::result moved = sys::splice(client.socket, pipe_in(), staging_buffer::capacity);
  call_.end(moved > 0 ? static_cast<std::uint64_t>(moved) : 0);
  if (moved > 0) return moved;
  // splice(2) does not get past TCP urgent data: it says EAGAIN, or what it says at the stream's end,
  // although bytes are left. recv(2) goes on, and SO_OOBINLINE keeps the urgent byte in its place.
  const sys::result received = append_from(client);
  return received <= 0 && moved < 0 && moved != -EAGAIN ? moved : received;
}

sys::result output::flush(std::uint64_t& delivered, bool counts) {
  out_ = counts ? &stats_.bytes_out.word() : &memory_.uncounted;
  while (staging_.pending() > 0) {
    const std::uint64_t before = *out_;
    const sys::result moved = staging_.piped > 0 ? drain_pipe() : drain_buffer();
    delivered += *out_ - before;
    if (moved < 0) return moved;
  }
  return 0;
}

sys::result output::drain_pipe() {
  call_.begin(intent::call::drain_pipe, staging_.piped, staging_.piped,
              {intent::takes(staging_.piped), intent::adds(*out_)});
  const sys::result moved = sys::splice(pipe_out(), fd_, staging_.piped);
  call_.end(moved > 0 ? static_cast<std::uint64_t>(moved) : 0);
  if (moved == 0) return -EIO;
  return moved == -EINVAL && (!by_pipe_ || reopened_) ? read_back() : moved;
}

/// The output does not splice after all: go on by copying, with what the pipe holds first.
sys::result output::read_back() {
  way_ = output_way::copy;
  by_pipe_ = false;
  const std::uint64_t piped = staging_.piped;
  call_.begin(intent::call::drain_pipe, piped, piped, {intent::takes(staging_.piped), intent::adds(staging_.end)});
  const sys::result got = sys::read(pipe_out(), staging_.memory.data() + staging_.end, piped);
  call_.end(got > 0 ? static_cast<std::uint64_t>(got) : 0);
  if (got < 0) return got;
  return static_cast<std::uint64_t>(got) == piped ? 0 : -EIO;
}

sys::result output::drain_buffer() {
  sys::result moved = 0;
  if (by_pipe_) {
    moved = write_to_pipe();
  } else if (kind_ == output_kind::socket) {
    moved = send();
  } else {
    moved = write();
  }
  staging_.rewind();
  return moved == 0 ? -EIO : moved;
}

sys::result output::write_to_pipe() {
  const std::span<const char> bytes = staging_.bytes();
  call_.begin(intent::call::fill_pipe, staging_.piped, bytes.size(),
              {intent::adds(staging_.begin), intent::adds(staging_.piped)});
  const sys::result moved = sys::write(pipe_in(), bytes.data(), bytes.size());
  call_.end(moved > 0 ? static_cast<std::uint64_t>(moved) : 0);
  // The pipe is empty, and so has room.
  return moved == -EAGAIN ? -EIO : moved;
}

sys::result output::send() {
  const std::span<const char> bytes = staging_.bytes();
  call_.begin(intent::call::send, 0, bytes.size(), {intent::adds(staging_.begin), intent::adds(*out_)});
  const sys::result moved = sys::send_noted(fd_, bytes.data(), bytes.size(), call_.transfer);
  call_.end(moved > 0 ? static_cast<std::uint64_t>(moved) : 0);
  return moved;
}

sys::result output::write() {
  const std::span<const char> bytes = staging_.bytes();
  std::size_t size = bytes.size();
  if (kind_ == output_kind::terminal && !reopened_) {
    std::array<pollfd, 1> room{{{fd_, POLLOUT, 0}}};
    if (sys::poll(room, 0) == 0) return -EAGAIN;
    size = std::min(size, blocking_terminal_bytes);
  }
  const sys::result offset = is_file() ? offset_before(fd_, kind_) : -ESPIPE;
  call_.begin(offset < 0 ? intent::call::write : intent::call::write_file,
              offset < 0 ? 0 : static_cast<std::uint64_t>(offset), size,
              {intent::adds(staging_.begin), intent::adds(*out_)});
  const sys::result moved = sys::write(fd_, bytes.data(), size);
  call_.end(moved > 0 ? static_cast<std::uint64_t>(moved) : 0);
  return moved;
}

void output::repair(int fd, output_memory& memory) {
  intent& call = memory.call;
  sys::result answer = 0;
  switch (call.under_way()) {
    case intent::call::fill_pipe:
    case intent::call::drain_pipe:
      answer = sys::readable_bytes(static_cast<int>(memory.pipe_out) - 1);
      break;
    case intent::call::write_file:
      answer = sys::offset_of(fd);
      break;
    case intent::call::receive:
    case intent::call::send:
    case intent::call::write:
    case intent::call::advance:
      break;
    default:
      return memory.staging.rewind();
  }
  sys::check("ioctl", answer);
  call.end(call.moved(static_cast<std::uint64_t>(answer)));
  memory.staging.rewind();
}

}  // namespace procpool::worker
