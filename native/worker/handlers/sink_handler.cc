#include "worker/handlers/sink_handler.h"

#include <cerrno>

#include "worker/connections/receive_room.h"

namespace procpool::worker {
namespace {

// A smaller read has most likely emptied the socket: asking again would cost a call for nothing.
constexpr std::size_t full_read_bytes = 1 << 15;

constexpr std::uint8_t few_reads = 4;

}  // namespace

outcome sink_handler::on_readable(connection& from) {
  for (std::uint64_t moved = 0; moved < round_share_bytes;) {
    if (clients_.withheld(from)) return kept(clients_.watch(from, 0));
    if (!fits(from)) {
      const outcome flushed = flush();
      if (flushed.what != verdict::keep) return flushed;
    }
    const sys::result read = spliced(from) ? out_.fill(from.fd) : out_.gather(from.fd);
    if (read == 0) return {verdict::close};
    if (read == -EAGAIN) return {verdict::keep};
    if (read < 0) return {verdict::reset, static_cast<int>(-read)};

    moved += static_cast<std::uint64_t>(read);
    clients_.received(from, static_cast<std::uint64_t>(read));
    stats_.bytes_in.add(static_cast<std::uint64_t>(read));
    from.bulk = static_cast<std::size_t>(read) >= full_read_bytes;
    if (!from.bulk) {
      read_little(from);
      break;
    }
  }
  return {verdict::keep};
}

/// It sends on in small pieces: more of them are to come during a pause.
void sink_handler::read_little(connection& from) const {
  if (!pauses_ || from.short_reads >= few_reads) return;
  if (++from.short_reads == few_reads) make_receive_room(from.fd);
}

bool sink_handler::spliced(const connection& from) const { return from.bulk && out_.way() == output_way::splice; }

bool sink_handler::fits(const connection& from) const {
  return spliced(from) ? out_.pending() == 0 : out_.room() >= full_read_bytes;
}

outcome sink_handler::on_timeout(connection& from, ipc::timeout_reason reason) {
  if (reason != ipc::timeout_reason::max_age) return {verdict::timed_out};
  const std::uint64_t owed = from.received + waiting_bytes(from);
  for (bool moved = true; moved && from.received < owed;) {
    const std::uint64_t before = from.received;
    const outcome result = on_readable(from);
    if (result.what == verdict::stalled) deadlines_.again(from);
    if (result.what != verdict::keep) return result;
    moved = from.received > before;
  }
  return {verdict::timed_out};
}

bool sink_handler::drained(const connection& from, const instant& now) const {
  return !clients_.withheld(from) && drain::complete(from, now);
}

outcome sink_handler::flush() {
  if (out_.pending() == 0) return {verdict::keep};
  return lock_.try_lock() ? write() : outcome{verdict::stalled};
}

outcome sink_handler::flush_now() { return out_.pending() == 0 ? outcome{verdict::keep} : write(); }

outcome sink_handler::write() {
  std::uint64_t delivered = 0;
  const sys::result flushed = out_.flush(delivered);
  lock_.unlock(flushed == -EAGAIN ? optional_write_lock::full : optional_write_lock::all);
  stats_.bytes_out.add(delivered);
  if (flushed == 0) return {verdict::keep};
  if (flushed == -EAGAIN) return {verdict::stalled};
  return {verdict::broken, static_cast<int>(-flushed)};
}

}  // namespace procpool::worker
