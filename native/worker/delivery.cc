#include "worker/delivery.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace procpool::worker {

void delivery::add(std::span<const char> data) {
  gathered_.append(data.data(), data.size());
  added_ += data.size();
}

sys::result delivery::move(int connection, std::uint64_t most) {
  const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(most, output::stage_bytes));
  const sys::result moved = out_.fill(connection, limit);
  if (moved > 0) added_ += static_cast<std::uint64_t>(moved);
  return moved;
}

sys::result delivery::flush() {
  if (pending() == 0 && !turn_.held()) {
    blocked_ = false;
    return 0;
  }
  if (!turn_.held()) {
    if (blocked_) turn_.heard();
    if (!turn_.take()) return wait();
  }
  const std::uint64_t before = delivered_;
  const sys::result written = write();
  if (written == -EAGAIN) {
    if (!blocked_ || delivered_ > before) turn_.stuck();
    return wait();
  }
  blocked_ = false;
  turn_.moves();
  if (written < 0) return written;
  if (!open_) turn_.give_back();
  return 0;
}

void delivery::take_back(std::uint64_t mark) {
  gathered_.resize(staged_ + static_cast<std::size_t>(mark - committed()));
  added_ = mark;
}

awaited delivery::waits_for() const { return turn_.held() ? out_.waits_for() : awaited{turn_.fd(), EPOLLIN}; }

sys::result delivery::wait() {
  blocked_ = true;
  return -EAGAIN;
}

sys::result delivery::write() {
  while (pending() > 0) {
    if (out_.pending() == 0) {
      staged_ += out_.gather(std::span<const char>(gathered_).subspan(staged_));
    }
    std::uint64_t out = 0;
    const sys::result flushed = out_.flush(out);
    delivered_ += out;
    stats_.bytes_out.add(out);
    if (flushed < 0) return flushed;
  }
  gathered_.clear();
  staged_ = 0;
  return 0;
}

}  // namespace procpool::worker
