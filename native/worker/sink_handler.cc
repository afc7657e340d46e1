#include "worker/sink_handler.h"

#include <cerrno>

namespace procpool::worker {
namespace {

// A smaller read has most likely emptied the socket: asking again would cost a call for nothing.
constexpr sys::result full_read_bytes = 1 << 15;

}  // namespace

outcome sink_handler::on_readable(connection& from) {
  std::uint64_t moved = 0;
  while (moved < round_share_bytes) {
    const sys::result read = out_.fill(from.fd);
    if (read == 0) return {verdict::close};
    if (read == -EAGAIN) return {verdict::keep};
    if (read < 0) return {verdict::reset, static_cast<int>(-read)};

    moved += static_cast<std::uint64_t>(read);
    clients_.received(from, static_cast<std::uint64_t>(read));
    stats_.bytes_in.add(static_cast<std::uint64_t>(read));

    const outcome delivered = flush();
    if (delivered.what != verdict::keep) return delivered;
    if (read < full_read_bytes) break;
  }
  return {verdict::keep};
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

bool sink_handler::drained(const connection& from, std::uint64_t now_ms) const { return drain::complete(from, now_ms); }

outcome sink_handler::flush() {
  std::uint64_t delivered = 0;
  const sys::result flushed = out_.flush(delivered);
  stats_.bytes_out.add(delivered);
  if (flushed == 0) return {verdict::keep};
  if (flushed == -EAGAIN) return {verdict::stalled};
  return {verdict::broken, static_cast<int>(-flushed)};
}

}  // namespace procpool::worker
