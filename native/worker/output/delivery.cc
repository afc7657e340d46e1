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
  if (!busy() && !lock_.held()) {
    blocked_ = false;
    return 0;
  }
  if (!lock_.held()) {
    if (blocked_) lock_.clear_wakeup();
    if (!lock_.try_lock()) return wait();
    if (lock_.end() != output_end::whole) {
      ++mended_;
      mend();
    }
  }
  const std::uint64_t before = delivered_;
  sys::result written = mending_ ? write_mending() : 0;
  if (written == 0) written = write();
  if (delivered_ > before) lock_.note_progress();
  if (written == -EAGAIN) {
    if (!blocked_ || delivered_ > before) lock_.note_blocked();
    return wait();
  }
  blocked_ = false;
  lock_.note_unblocked();
  if (written < 0) return written;
  if (!open_) lock_.unlock();
  return 0;
}

void delivery::take_back(std::uint64_t mark) {
  gathered_.resize(staged_ + static_cast<std::size_t>(mark - committed()));
  added_ = mark;
}

wait_condition delivery::waits_for() const {
  return lock_.held() ? out_.waits_for() : wait_condition{lock_.wakeup_fd(), EPOLLIN};
}

sys::result delivery::wait() {
  blocked_ = true;
  return -EAGAIN;
}

void delivery::mend() {
  if (lock_.end() == output_end::part) {
    constexpr std::array<char, 1> newline{'\n'};
    out_.gather(newline);
    mending_ = true;
  } else {
    lock_.set_end(output_end::whole);
  }
}

sys::result delivery::write_mending() {
  std::uint64_t newlines = 0;  // nobody sent it: it does not count
  const sys::result flushed = out_.flush(newlines);
  if (flushed < 0) return flushed;
  mending_ = false;
  lock_.set_end(output_end::whole);
  return 0;
}

sys::result delivery::write() {
  if (lock_.end() == output_end::whole) whole_ = delivered_;
  while (pending() > 0) {
    if (out_.pending() == 0) {
      staged_ += out_.gather(std::span<const char>(gathered_).subspan(staged_));
    }
    lock_.set_end(output_end::part);
    std::uint64_t out = 0;
    const sys::result flushed = out_.flush(out);
    delivered_ += out;
    stats_.bytes_out.add(out);
    if (flushed == -EAGAIN) note_end();
    if (flushed < 0) return flushed;
  }
  gathered_.clear();
  staged_ = 0;
  lock_.set_end(open_ ? output_end::part : output_end::whole);
  return 0;
}

/// The output takes no more for now: with what it ends is known as long as this worker lives.
void delivery::note_end() {
  if (delivered_ == whole_) return lock_.set_end(output_end::whole);
  // Of a part of an open piece it is not: then an empty line may follow.
  const bool line = staged_ > out_.pending() && gathered_[staged_ - out_.pending() - 1] == '\n';
  lock_.set_end(line ? output_end::part_line : output_end::part);
}

}  // namespace procpool::worker
