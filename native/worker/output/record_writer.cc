#include "worker/output/record_writer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

namespace procpool::worker {
namespace {

using ipc::output_end;

// Room for less is not worth a read.
constexpr std::size_t worthwhile_bytes = 1 << 15;

// Longer than most writes take that wait for a disk, or for a reader that reads. It is looked at when something comes,
// and when nothing has come for so long.
constexpr int lock_timeout_ms = 500;
constexpr std::uint64_t lock_timeout_ns = lock_timeout_ms * std::uint64_t{1'000'000};

}  // namespace

record_writer::record_writer(output& out, output_memory& memory, const ipc::write_lock& lock, sharing how,
                             worker_log& log, ipc::worker_slot& stats)
    : out_(out), memory_(memory), lock_(lock), sharing_(how), log_(log), stats_(stats) {
  // What the worker before had left to do.
  if (memory_.records.size == 0) memory_.records.staged = 0;
  if (memory_.mending && out_.staging().pending() == 0) mend();
  if (!memory_.mending) added_ = out_.staging().pending() + memory_.records.unstaged().size();
}

bool record_writer::make_room(bool much) {
  const bool fits = splices(much) ? pending() == 0 : out_.staging().room() >= worthwhile_bytes;
  return fits || flush() == 0;
}

sys::result record_writer::read_from(const input& client, bool much) {
  const sys::result read = splices(much) ? out_.splice_from(client) : out_.append_from(client);
  if (read > 0) added_ += static_cast<std::uint64_t>(read);
  return read;
}

void record_writer::add(std::span<const char> record) {
  gathered_records& records = memory_.records;
  std::copy(record.begin(), record.end(), records.memory.data() + records.size);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  records.size += record.size();
  added_ += record.size();
}

void record_writer::add_part(std::size_t bytes, std::uint64_t& staged) {
  memory_.call.begin(intent::call::advance, 0, bytes, {intent::adds(out_.staging().end), intent::adds(staged)});
  memory_.call.end(bytes);
  added_ += bytes;
}

void record_writer::take_back(std::uint64_t end_offset) {
  memory_.records.size = memory_.records.staged + (end_offset - committed());
  added_ = end_offset;
}

sys::result record_writer::flush() {
  if (broken()) return -error_;
  if (!busy() && !lock_.held()) return done();
  if (!acquire()) return wait_for_lock();
  const std::uint64_t before = delivered_;
  const sys::result written = write();
  const bool progress = delivered_ > before;
  if (progress && lock_.held()) lock_.note_progress();
  if (written == -EAGAIN) return wait_for_room(progress);
  return written < 0 ? fail(written) : done();
}

void record_writer::give_up() {
  if (!broken()) enter(state::writing);
}

wait_condition record_writer::waits_for() const {
  if (state_ == state::room_wait) return out_.waits_for();
  if (state_ != state::lock_wait) return {-1, 0};
  return {lock_.wakeup_fd(), EPOLLIN, sharing_ == sharing::bytes ? lock_timeout_ms : -1};
}

bool record_writer::acquire() {
  if (lock_.held()) return true;
  const bool shared = sharing_ == sharing::bytes && !out_.is_file();
  if (shared && state_ != state::lock_wait && !lock_.locked()) return true;
  return acquire_lock();
}

bool record_writer::acquire_lock() {
  if (state_ == state::lock_wait) lock_.clear_wakeup();
  if (!lock_.try_lock()) return wait_timed_out();
  lock_timed_out_ = false;
  if (sharing_ == sharing::records && lock_.end() != output_end::whole) {
    ++mended_;
    mend();
  }
  return true;
}

bool record_writer::wait_timed_out() {
  if (sharing_ == sharing::records) return false;
  if (lock_timed_out_) return true;
  if (exclusive_) return false;
  const std::uint64_t now_ns = sys::monotonic_ns();
  if (state_ != state::lock_wait) lock_wait_ns_ = now_ns;
  lock_timed_out_ = now_ns - lock_wait_ns_ >= lock_timeout_ns;
  return lock_timed_out_;
}

sys::result record_writer::wait_for_lock() {
  enter(state::lock_wait);
  return -EAGAIN;
}

/// Those who wait for room take turns at that.
sys::result record_writer::wait_for_room(bool progress) {
  if (!lock_.held() && !acquire_lock()) return wait_for_lock();
  if (lock_.held() && (progress || !blocked())) lock_.note_blocked();
  enter(state::room_wait);
  return -EAGAIN;
}

sys::result record_writer::done() {
  if (lock_.held()) lock_.note_unblocked();
  if (lock_.held() && !memory_.open) lock_.unlock();
  enter(state::writing);
  return 0;
}

sys::result record_writer::fail(sys::result error) {
  if (lock_.held()) lock_.note_unblocked();
  // Of a record the end may be missing: the others are not to go on behind it.
  if (lock_.held() && sharing_ == sharing::bytes) lock_.unlock();
  error_ = static_cast<int>(-error);
  enter(state::broken);
  return error;
}

void record_writer::enter(state next) {
  if (next == state::room_wait) {
    begin_stall();
  } else if (next != state::lock_wait) {
    end_stall();
  }
  state_ = next;
}

void record_writer::begin_stall() {
  if (stats_.stalled_since_ns.get() != 0) return;
  stats_.stalled_since_ns.set(sys::monotonic_ns());
  log_.write(ipc::log_event::stall);
}

void record_writer::end_stall() {
  if (stats_.stalled_since_ns.get() == 0) return;
  ipc::log_record record{};
  record.count = sys::monotonic_ns() - stats_.stalled_since_ns.get();
  stats_.stalled_since_ns.set(0);
  stats_.stalled_ns.add(record.count);
  log_.write(ipc::log_event::resume, record);
}

sys::result record_writer::write() {
  const sys::result mended = memory_.mending ? write_newline() : 0;
  if (mended < 0) return mended;
  if (lock_.end() == output_end::whole) whole_ = delivered_;
  while (pending() > 0) {
    const sys::result written = write_staged();
    if (written == -EAGAIN) note_end();
    if (written < 0) return written;
  }
  memory_.records.size = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  memory_.records.staged = 0;
  set_end(memory_.open ? output_end::part : output_end::whole);
  return 0;
}

sys::result record_writer::write_staged() {
  if (out_.staging().pending() == 0) stage();
  set_end(output_end::part);
  return out_.flush(delivered_);
}

void record_writer::stage() {
  const std::size_t size = out_.staging().copy(memory_.records.unstaged());
  memory_.call.begin(intent::call::advance, 0, size,
                     {intent::adds(out_.staging().end), intent::adds(memory_.records.staged)});
  memory_.call.end(size);
}

void record_writer::mend() {
  if (lock_.end() == output_end::part) {
    constexpr std::array<char, 1> newline{'\n'};
    memory_.mending = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    out_.staging().end += out_.staging().copy(newline);
  } else {
    memory_.mending = false;
    set_end(output_end::whole);
  }
}

sys::result record_writer::write_newline() {
  std::uint64_t newlines = 0;
  const sys::result flushed = out_.flush(newlines, false);
  if (flushed < 0) return flushed;
  memory_.mending = false;
  set_end(output_end::whole);
  return 0;
}

/// The output takes no more for now: with what it ends is known as long as this worker lives.
void record_writer::note_end() {
  if (delivered_ == whole_) return set_end(output_end::whole);
  // Of a part of an open record it is not: then an empty line may follow.
  const std::size_t staged = out_.staging().pending();
  const gathered_records& records = memory_.records;
  const bool line = records.staged > staged && records.memory[records.staged - staged - 1] == '\n';
  set_end(line ? output_end::part_line : output_end::part);
}

void record_writer::set_end(output_end end) {
  if (sharing_ == sharing::records) lock_.set_end(end);
}

}  // namespace procpool::worker
