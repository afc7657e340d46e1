#include "worker/handlers/echo_handler.h"

#include <cerrno>
#include <new>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {

outcome echo_handler::on_readable(echo_client& client) {
  for (std::uint64_t moved = 0; moved < round_share_bytes;) {
    const sys::result read = sys::receive(client.fd, buffer_.data(), buffer_.size());
    if (read == 0) return {verdict::close};
    if (read == -EAGAIN) return {verdict::keep};
    if (read < 0) return {verdict::reset, static_cast<int>(-read)};

    const auto size = static_cast<std::size_t>(read);
    const auto data = std::span<const char>(buffer_).first(size);
    moved += size;
    clients_.received(client, size);
    stats_.bytes_in.add(size);
    const sys::result sent = send(client, data);
    if (sent < 0) {
      stats_.bytes_discarded.add(size);
      return {verdict::reset, static_cast<int>(-sent)};
    }
    if (static_cast<std::size_t>(sent) < size) {
      keep(client, data.subspan(static_cast<std::size_t>(sent)));
      return kept(clients_.watch(client, EPOLLOUT));
    }
    if (size < buffer_.size()) break;  // most likely that was all
  }
  return {verdict::keep};
}

void echo_handler::keep(echo_client& client, std::span<const char> rest) {
  try {
    client.unsent.append(rest);
  } catch (const std::bad_alloc&) {
    stats_.bytes_discarded.add(rest.size());
    throw;
  }
}

outcome echo_handler::on_writable(echo_client& client) {
  const sys::result sent = send(client, client.unsent.bytes());
  if (sent < 0) return {verdict::reset, static_cast<int>(-sent)};
  client.unsent.remove(static_cast<std::size_t>(sent));
  if (!client.unsent.empty()) return {verdict::keep};
  return kept(clients_.watch(client, EPOLLIN));
}

outcome echo_handler::on_timeout(echo_client& client, ipc::timeout_reason reason) {
  constexpr std::uint32_t grace_ms = 5000;
  if (reason != ipc::timeout_reason::max_age) return {verdict::timed_out};
  const outcome result = client.unsent.empty() ? on_readable(client) : outcome{verdict::keep};
  if (result.what != verdict::keep) return result;
  if (client.unsent.empty() || std::exchange(client.aged, true)) return {verdict::timed_out};
  deadlines_.put_off(client, reason, grace_ms);
  return {verdict::keep};
}

bool echo_handler::drained(const echo_client& client, const instant& now) const {
  return client.unsent.empty() && drain::complete(client, now);
}

sys::result echo_handler::send(echo_client& client, std::span<const char> data) {
  const sys::result sent = sys::send(client.fd, data.data(), data.size());
  if (sent == -EAGAIN) return 0;
  if (sent > 0) {
    stats_.bytes_out.add(static_cast<std::uint64_t>(sent));
    deadlines_.renew(client);
  }
  return sent;
}

}  // namespace procpool::worker
