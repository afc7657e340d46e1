#include "worker/output/delivery.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace procpool::worker {

using ipc::output_end;

void delivery::add(std::span<const char> data) {
  gathered_.append(data.data(), data.size());
  added_ += data.size();
}

void delivery::filled(std::size_t bytes) {
  out_.filled(bytes);
  added_ += bytes;
}

void delivery::tear() {
  close();
  mend();
}

sys::result delivery::flush() {
  if (!busy() && !turn_.held()) {
    blocked_ = false;
    return 0;
  }
  if (!turn_.held()) {
    if (blocked_) turn_.heard();
    if (!turn_.take()) return wait();
    if (turn_.end() != output_end::whole) {
      ++mended_;
      mend();
    }
  }
  const std::uint64_t before = delivered_;
  sys::result written = mending_ ? write_mending() : 0;
  if (written == 0) written = write();
  if (delivered_ > before) turn_.moved();
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

void delivery::mend() {
  if (turn_.end() == output_end::part) {
    constexpr std::array<char, 1> newline{'\n'};
    out_.gather(newline);
    mending_ = true;
  } else {
    turn_.leave_at(output_end::whole);
  }
}

sys::result delivery::write_mending() {
  std::uint64_t newlines = 0;  // nobody sent it: it does not count
  const sys::result flushed = out_.flush(newlines);
  if (flushed < 0) return flushed;
  mending_ = false;
  turn_.leave_at(output_end::whole);
  return 0;
}

sys::result delivery::write() {
  if (turn_.end() == output_end::whole) whole_ = delivered_;
  while (pending() > 0) {
    if (out_.pending() == 0) {
      staged_ += out_.gather(std::span<const char>(gathered_).subspan(staged_));
    }
    turn_.leave_at(output_end::part);
    std::uint64_t out = 0;
    const sys::result flushed = out_.flush(out);
    delivered_ += out;
    stats_.bytes_out.add(out);
    if (flushed == -EAGAIN) note_end();
    if (flushed < 0) return flushed;
  }
  gathered_.clear();
  staged_ = 0;
  turn_.leave_at(open_ ? output_end::part : output_end::whole);
  return 0;
}

/// The output takes no more for now: with what it ends is known as long as this worker lives.
void delivery::note_end() {
  if (delivered_ == whole_) return turn_.leave_at(output_end::whole);
  // Of a part of an open piece it is not: then an empty line may follow.
  const bool line = staged_ > out_.pending() && gathered_[staged_ - out_.pending() - 1] == '\n';
  turn_.leave_at(line ? output_end::part_line : output_end::part);
}

}  // namespace procpool::worker
