#include "worker/handlers/http_answers.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

using ipc::timeout_reason;

// What a client sends after its last answer is read and dropped until it closes, so that it can read the answer: until
// it has sent nothing for so long,
constexpr std::uint32_t linger_silence_ms = 2000;
// and for no longer than that.
constexpr std::uint32_t linger_ms = 30'000;

bool keep_rest(http_client& one, std::string_view text) {
  try {
    one.outbox = text;
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

outcome http_answers::give(http_client& one, http::reply what) {
  deadlines_.expect_nothing(one);
  one.timed = false;
  one.served = true;
  // The last, unless more had come before the stop.
  if (clients_.closing() && !one.more && !one.behind) one.last = true;
  stats_.bytes_discarded.add(one.body.size());
  one.body.clear();
  one.leave();
  one.wanted = 0;
  const std::string_view text = write(one, what);
  stats_.requests.add(1);
  if (what.status >= 400) stats_.rejected.add(1);
  clients_.note(ipc::log_event::request, one, one.seen, static_cast<std::uint32_t>(what.status), 0, what.why);
  return send(one, text);
}

std::string_view http_answers::write(http_client& one, http::reply& what) {
  const http::request& request = one.parser->current();
  what.close = one.last;
  what.http_1_0 = request.http_1_0;
  what.head_only = request.method == http::method::head;
  what.origin = config_.cors_origin;
  try {
    reply_.clear();
    http::write(reply_, what, date_.at(sys::wall_seconds()));
    return reply_;
  } catch (const std::bad_alloc&) {
    one.last = one.broken = true;
    if (what.status == 204) return http::bare_no_content;
    what = {.status = 503, .why = http::no_memory};
    return http::bare_unavailable;
  }
}

void http_answers::linger_on(http_client& one) { deadlines_.expect(one, timeout_reason::pace, linger_silence_ms); }

outcome http_answers::go_on(http_client& one) {
  one.interim = true;
  return send(one, http::continue_reply);
}

/// Sends `text`, or what has been left of one.
outcome http_answers::send(http_client& one, std::string_view text) {
  if (!one.outbox.empty()) text = std::string_view(one.outbox).substr(one.outbox_at);
  const sys::result taken = sys::send(one.fd, text.data(), text.size());
  if (taken < 0 && taken != -EAGAIN) return {verdict::reset, static_cast<int>(-taken)};
  const auto size = static_cast<std::size_t>(std::max<sys::result>(taken, 0));
  if (size == text.size()) {
    discard(one.outbox);
    one.outbox_at = 0;
    return sent(one);
  }
  if (one.outbox.empty() && !keep_rest(one, text)) return {verdict::reset, ENOMEM};
  one.outbox_at += size;
  if (size > 0 || one.now != http_client::phase::replying) deadlines_.renew(one);
  one.now = http_client::phase::replying;
  return kept(clients_.watch(one, EPOLLOUT));
}

outcome http_answers::sent(http_client& one) {
  if (one.last && !one.interim) return leave(one);
  one.interim = false;
  one.now = http_client::phase::reading;
  deadlines_.renew(one);
  return kept(clients_.watch(one, EPOLLIN));
}

/// Closed with unread input, the connection would be reset and the answer lost: RFC 9112, 9.6.
outcome http_answers::leave(http_client& one) {
  if (!one.broken && waiting_bytes(one) == 0) return {verdict::close};
  // Fails where the client was the first to go.
  [[maybe_unused]] const sys::result done = sys::shut_down(one.fd, SHUT_WR);
  one.now = http_client::phase::lingering;
  discard(one.inbox);
  deadlines_.suspend(one);
  deadlines_.expect_request(one, linger_ms);
  linger_on(one);
  return kept(clients_.watch(one, EPOLLIN));
}

}  // namespace procpool::worker
