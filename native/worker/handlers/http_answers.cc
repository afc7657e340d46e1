#include "worker/handlers/http_answers.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <span>

#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

using ipc::timeout_reason;

// What a client sends after its last answer is read and dropped until it closes, so that it can read the answer: until
// it has sent nothing for so long,
constexpr std::uint32_t linger_silence_ms = 2000;
// and for no longer than that.
constexpr std::uint32_t linger_ms = 30'000;

bool keep_rest(http_client& client, std::span<const char> rest) {
  try {
    client.outbox.append(rest);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

outcome http_answers::give(http_client& client, http::reply answer) {
  deadlines_.expect_nothing(client);
  client.timed = false;
  client.served = true;
  // The last, unless more had come before the stop.
  if (clients_.closing() && !client.more && !client.behind) client.last = true;
  stats_.bytes_discarded.add(client.body.size());
  client.body.clear();
  client.leave();
  client.wanted_bytes = 0;
  const std::string_view text = write(client, answer);
  stats_.requests.add(1);
  if (answer.status >= 400) stats_.rejected.add(1);
  clients_.note(ipc::log_event::request, client, client.body_bytes, static_cast<std::uint32_t>(answer.status), 0,
                answer.why);
  return send(client, text);
}

std::string_view http_answers::write(http_client& client, http::reply& answer) {
  const http::request& request = client.parser->current();
  answer.close = client.last;
  answer.http_1_0 = request.http_1_0;
  answer.head_only = request.method == http::method::head;
  answer.origin = config_.cors_origin;
  try {
    reply_.clear();
    http::write(reply_, answer, date_.at(sys::wall_seconds()));
    return reply_;
  } catch (const std::bad_alloc&) {
    client.last = client.broken = true;
    if (answer.status == 204) return http::bare_no_content;
    answer = {.status = 503, .why = http::no_memory};
    return http::bare_unavailable;
  }
}

void http_answers::linger_on(http_client& client) {
  deadlines_.expect(client, timeout_reason::pace, linger_silence_ms);
}

outcome http_answers::go_on(http_client& client) {
  client.interim = true;
  return send(client, http::continue_reply);
}

/// Sends `text`, or what has been left of one.
outcome http_answers::send(http_client& client, std::string_view text) {
  const bool left = !client.outbox.empty();
  const std::span<const char> data = left ? client.outbox.bytes() : std::span<const char>(text);
  const sys::result taken = sys::send(client.fd, data.data(), data.size());
  if (taken < 0 && taken != -EAGAIN) return {verdict::reset, static_cast<int>(-taken)};
  const auto size = static_cast<std::size_t>(std::max<sys::result>(taken, 0));
  if (size == data.size()) {
    client.outbox.clear();
    return sent(client);
  }
  if (left) {
    client.outbox.remove(size);
  } else if (!keep_rest(client, data.subspan(size))) {
    return {verdict::reset, ENOMEM};
  }
  if (size > 0 || client.now != http_client::phase::replying) deadlines_.renew(client);
  client.now = http_client::phase::replying;
  return kept(clients_.watch(client, EPOLLOUT));
}

outcome http_answers::sent(http_client& client) {
  if (client.last && !client.interim) return leave(client);
  client.interim = false;
  client.now = http_client::phase::reading;
  deadlines_.renew(client);
  return kept(clients_.watch(client, EPOLLIN));
}

/// Closed with unread input, the connection would be reset and the answer lost: RFC 9112, 9.6.
outcome http_answers::leave(http_client& client) {
  if (!client.broken && waiting_bytes(client) == 0) return {verdict::close};
  // Fails where the client was the first to go.
  [[maybe_unused]] const sys::result done = sys::shut_down(client.fd, SHUT_WR);
  client.now = http_client::phase::lingering;
  client.inbox.clear();
  deadlines_.suspend(client);
  deadlines_.expect_request(client, linger_ms);
  linger_on(client);
  return kept(clients_.watch(client, EPOLLIN));
}

}  // namespace procpool::worker
