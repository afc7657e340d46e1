#include "worker/handlers/sink_handler.h"

#include <cerrno>

#include "worker/connections/receive_buffer.h"

namespace procpool::worker {
namespace {

// A smaller read has most likely emptied the socket: asking again would cost a call for nothing.
constexpr std::size_t full_read_bytes = 1 << 15;

constexpr std::uint8_t few_reads = 4;

}  // namespace

outcome sink_handler::on_readable(connection& client) {
  for (std::uint64_t moved = 0; moved < round_share_bytes;) {
    if (clients_.withheld(client)) return kept(clients_.watch(client, 0));
    if (!writer_.make_room(client.bulk)) return {verdict::keep};
    const sys::result read = writer_.read_from({client.fd, client.received, client.error}, client.bulk);
    if (read == 0) return {verdict::close};
    if (read == -EAGAIN) return {verdict::keep};
    if (read < 0) return {verdict::reset, static_cast<int>(-read)};

    moved += static_cast<std::uint64_t>(read);
    clients_.has_received(client, static_cast<std::uint64_t>(read));
    client.bulk = static_cast<std::size_t>(read) >= full_read_bytes;
    if (!client.bulk) {
      read_little(client);
      break;
    }
  }
  return {verdict::keep};
}

/// It sends on in small pieces: more of them are to come during a pause.
void sink_handler::read_little(connection& client) const {
  if (!pauses_ || client.short_reads >= few_reads) return;
  if (++client.short_reads == few_reads) enlarge_receive_buffer(client.fd);
}

outcome sink_handler::on_timeout(connection& client, ipc::timeout_reason reason) {
  if (reason != ipc::timeout_reason::max_age) return {verdict::timed_out};
  const std::uint64_t arrived = client.received + waiting_bytes(client);
  for (bool moved = true; moved && client.received < arrived;) {
    const std::uint64_t before = client.received;
    const outcome result = on_readable(client);
    if (writer_.blocked()) deadlines_.again(client);
    if (writer_.blocked() || writer_.broken() || result.what != verdict::keep) return result;
    moved = client.received > before;
  }
  return {verdict::timed_out};
}

bool sink_handler::drained(const connection& client, const instant& now) const {
  return !clients_.withheld(client) && drain::complete(client, now);
}

}  // namespace procpool::worker
