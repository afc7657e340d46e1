#include "worker/handlers/echo_handler.h"

#include <cerrno>
#include <new>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {
outcome echo_handler::on_readable(client& one) {
  for (std::uint64_t moved = 0; moved < round_share_bytes;) {
    const sys::result read = sys::receive(one.fd, buffer_.data(), buffer_.size());
    if (read == 0) return {verdict::close};
    if (read == -EAGAIN) return {verdict::keep};
    if (read < 0) return {verdict::reset, static_cast<int>(-read)};

    const auto size = static_cast<std::size_t>(read);
    moved += size;
    clients_.received(one, size);
    stats_.bytes_in.add(size);
    const sys::result sent = send(one, buffer_.data(), size);
    if (sent < 0) {
      stats_.bytes_discarded.add(size);
      return {verdict::reset, static_cast<int>(-sent)};
    }
    if (static_cast<std::size_t>(sent) < size) {
      keep(one, std::string_view(buffer_.data(), size).substr(static_cast<std::size_t>(sent)));
      return kept(clients_.watch(one, EPOLLOUT));
    }
    if (size < buffer_.size()) break;  // most likely that was all
  }
  return {verdict::keep};
}

void echo_handler::keep(client& one, std::string_view rest) {
  try {
    one.unsent.assign(rest);
  } catch (const std::bad_alloc&) {
    stats_.bytes_discarded.add(rest.size());
    throw;
  }
}

outcome echo_handler::on_writable(client& one) {
  const sys::result sent = send(one, one.unsent.data() + one.sent, one.unsent.size() - one.sent);
  if (sent < 0) return {verdict::reset, static_cast<int>(-sent)};
  one.sent += static_cast<std::size_t>(sent);
  if (one.sent < one.unsent.size()) return {verdict::keep};
  std::string().swap(one.unsent);
  one.sent = 0;
  return kept(clients_.watch(one, EPOLLIN));
}

outcome echo_handler::on_timeout(client& one, ipc::timeout_reason reason) {
  constexpr std::uint32_t grace_ms = 5000;
  if (reason != ipc::timeout_reason::max_age) return {verdict::timed_out};
  const outcome result = one.unsent.empty() ? on_readable(one) : outcome{verdict::keep};
  if (result.what != verdict::keep) return result;
  if (one.unsent.empty() || std::exchange(one.aged, true)) return {verdict::timed_out};
  deadlines_.put_off(one, reason, grace_ms);
  return {verdict::keep};
}

bool echo_handler::drained(const client& one, const instant& now) const {
  return one.unsent.empty() && drain::complete(one, now);
}

sys::result echo_handler::send(client& one, const char* data, std::size_t size) {
  const sys::result sent = sys::send(one.fd, data, size);
  if (sent == -EAGAIN) return 0;
  if (sent > 0) {
    stats_.bytes_out.add(static_cast<std::uint64_t>(sent));
    deadlines_.renew(one);
  }
  return sent;
}

}  // namespace procpool::worker
