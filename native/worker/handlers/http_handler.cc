#include "worker/handlers/http_handler.h"

#include <cerrno>
#include <new>
#include <utility>

#include "sys/syscalls.h"
#include "worker/handlers/http_stats.h"

namespace procpool::worker {
namespace {

using http::step;
using ipc::timeout_reason;

// So long a client may go on with what it has begun, beyond its greatest age.
constexpr std::uint32_t grace_ms = 5000;

// Requests that one client, and all of them, may have answered in a round: pipelined, they would
// keep the worker from everything else.
constexpr unsigned visit_requests = 32;
constexpr unsigned round_requests = 1024;

// Read at once from a client that most likely has to wait.
constexpr std::size_t blocked_read_bytes = 4096;

// Bytes written in a round, so that a long body does not keep the worker from everything else.
constexpr std::uint64_t round_bytes = 1 << 22;

constexpr std::string_view output_takes_nothing = "standard output takes nothing";
constexpr std::string_view no_room = "there is no room for the body";

// A body that stdout keeps waiting is asked after as often.
constexpr std::uint32_t look_again_ms = 2000;

}  // namespace

http_handler::http_handler(const handler_context<client>& own)
    : config_(own.config),
      page_(own.page),
      stats_(own.stats),
      clients_(own.all),
      deadlines_(own.times),
      answers_(own),
      bodies_(own, last_place_),
      round_left_(round_requests) {
  limits_.body_bytes = own.config.max_body;
}

/// What it does about a client, or what there is no memory for is refused.
template <typename Step>
outcome http_handler::guarded(client& one, Step step) {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    return out_of_memory(one);
  }
}

outcome http_handler::out_of_memory(client& one) {
  stats_.out_of_memory.add(1);
  switch (one.now) {
    case phase::reading:
      return refuse(one, 503, http::no_memory);
    case phase::queued:
    case phase::delivering:
      // Its body is on its way, and is answered. What came behind it is lost.
      one.last = one.broken = true;
      discard(one.inbox);
      return put_off(one, timeout_reason::pace, look_again_ms);
    case phase::replying:
    case phase::lingering:
      return {verdict::reset, ENOMEM};
  }
  return {verdict::close};
}

outcome http_handler::on_readable(client& one) {
  return guarded(one, [&] { return read(one); });
}

outcome http_handler::read(client& one) {
  const bool heeded = one.now == phase::reading;
  const bool waits = (!heeded && one.now != phase::lingering) || !one.inbox.empty();
  if (waits) return kept(clients_.watch(one, 0));

  const std::size_t most = bodies_.blocked() ? blocked_read_bytes : buffer_.size();
  const sys::result read = sys::receive(one.fd, buffer_.data(), most);
  if (read == -EAGAIN) return {verdict::keep};
  if (read == 0) return {verdict::close};
  if (read < 0) return {verdict::reset, static_cast<int>(-read)};
  clients_.received(one, static_cast<std::uint64_t>(read));
  if (!heeded) {
    answers_.linger_on(one);
    return {verdict::keep};
  }

  const char* from = buffer_.data();
  const char* const to = from + read;
  const outcome result = take(one, from, to);
  if (result.what == verdict::keep && one.now != phase::lingering && from != to) {
    one.inbox.assign(from, to);
    make_ready(one);
  }
  return result;
}

outcome http_handler::on_writable(client& one) {
  return guarded(one, [&] {
    const outcome result = answers_.send_rest(one);
    if (result.what == verdict::keep) make_ready(one);
    return result;
  });
}

outcome http_handler::on_timeout(client& one, timeout_reason reason) {
  return guarded(one, [&] { return on_due(one, reason); });
}

outcome http_handler::on_due(client& one, timeout_reason reason) {
  const bool begun = one.timed || one.now != phase::reading || (one.watched != 0 && waiting_bytes(one) > 0);
  if (reason == timeout_reason::max_age && begun && !one.last) {
    // It ends with what it has begun, if that does not take too long.
    one.last = true;
    return put_off(one, reason, grace_ms);
  }
  switch (one.now) {
    case phase::reading:
      if (!begun || !one.parser) return {verdict::timed_out};
      // What has come is read first.
      if (reason == timeout_reason::pace && waiting_bytes(one) > 0) return put_off(one, reason, grace_ms);
      if (reason == timeout_reason::pace && bodies_.keeps_pace(one)) return {verdict::keep};
      if (reason == timeout_reason::pace) return refuse_slow(one);
      clients_.note_timeout(one, reason);
      return refuse(one, 408, "the request took too long");
    case phase::queued:
    case phase::delivering:
      return keep_waiting(one, reason);
    case phase::replying:
      return {verdict::timed_out};
    case phase::lingering:
      return {verdict::close};
  }
  return {verdict::close};
}

/// Its body waits for stdout.
outcome http_handler::keep_waiting(client& one, timeout_reason reason) {
  const std::uint32_t left = reason == timeout_reason::pace ? bodies_.may_wait_ms(one) : look_again_ms;
  if (left > 0) return put_off(one, reason, left);
  if (one.now == phase::queued) return refuse_waiting(one);
  bodies_.take_back();
  while (client* const other = bodies_.next_refused()) settle(*other, refuse_waiting(*other));
  return one.now == phase::delivering ? put_off(one, reason, look_again_ms) : outcome{verdict::keep};
}

outcome http_handler::put_off(client& one, timeout_reason reason, std::uint32_t by_ms) {
  deadlines_.put_off(one, reason, by_ms);
  return {verdict::keep};
}

/// Stdout has not taken its body in time.
outcome http_handler::refuse_waiting(client& one) {
  const outcome result = answers_.give(one, {.status = 503, .why = output_takes_nothing});
  if (result.what == verdict::keep) make_ready(one);
  return result;
}

bool http_handler::drained(const client& one, const instant& now) const {
  if (one.now == phase::lingering) return drain::complete(one, now);
  if (one.now != phase::reading || one.behind || !one.inbox.empty()) return false;
  if (one.parser && one.parser->started()) return false;
  return one.served || drain::complete(one, now);
}

outcome http_handler::flush() {
  const std::uint64_t before = bodies_.delivered();
  do {
    const sys::result flushed = bodies_.flush();
    while (client* const one = bodies_.next_delivered()) {
      settle(*one, guarded(*one, [&] { return answer_delivered(*one); }));
    }
    if (flushed == -EAGAIN) return {verdict::stalled};
    if (flushed < 0) return {verdict::broken, static_cast<int>(-flushed)};
    while (client* const one = bodies_.admit()) settle(*one, refuse(*one, 503, http::no_memory));
    if (const auto failed = bodies_.feed(); failed && failed->client != nullptr) {
      // Of what is partly delivered nothing true can be said.
      settle(*failed->client, failed->torn ? outcome{verdict::reset, EIO} : refuse(*failed->client, 503, no_room));
    }
  } while (bodies_.busy() && bodies_.delivered() - before < round_bytes);
  return {verdict::keep};
}

outcome http_handler::answer_delivered(client& one) {
  const outcome result = answers_.give(one, {.status = 204});
  if (result.what == verdict::keep) make_ready(one);
  return result;
}

void http_handler::serve_ready() {
  round_left_ = round_requests;
  stats_text_.clear();
  for (std::size_t count = ready_.size(); count > 0 && round_left_ > 0; --count) {
    const client::place first = ready_.front();
    ready_.pop_front();
    client* const one = clients_.find(first.fd);
    if (one == nullptr || !one->is_at(first, phase::reading)) continue;
    settle(*one, guarded(*one, [&] { return take_inbox(*one); }));
  }
}

/// Its next request waits to be looked at.
void http_handler::make_ready(client& one) {
  if (one.inbox.empty() || one.now != phase::reading) return;
  ready_.push_back(one.take_place(last_place_));
}

/// The rest of its request is still to come.
void http_handler::await_more(client& one) {
  if (one.now != phase::reading || !one.parser->started()) return;
  if (!one.timed) deadlines_.expect_request(one, config_.request_ms);
  one.timed = true;
  if (one.body_begun) bodies_.await_more(one);
}

/// Reads requests until the input is used up, one of them has to wait, or it is others' turn.
outcome http_handler::take(client& one, const char*& from, const char* to) {
  if (!one.parser) one.parser.emplace(limits_);
  outcome result{verdict::keep};
  unsigned left = visit_requests;
  while (result.what == verdict::keep && one.now == phase::reading) {
    if (!one.parser->started() && (left == 0 || round_left_ == 0)) break;
    if (!one.parser->started()) one.began = one.received - static_cast<std::uint64_t>(to - from);
    switch (one.parser->next(from, to)) {
      case step::more:
        await_more(one);
        return {verdict::keep};
      case step::head:
        result = on_head(one, from != to);
        break;
      case step::body:
        result = on_body(one, one.parser->data());
        break;
      case step::done:
        one.more = from != to;
        result = on_done(one);
        if (left > 0) --left;
        if (round_left_ > 0) --round_left_;
        break;
      case step::failed:
        result = refuse(one, one.parser->refused().status, one.parser->refused().why);
        break;
    }
  }
  return result;
}

/// Goes on with what was read while an earlier request had to wait.
outcome http_handler::take_inbox(client& one) {
  if (one.inbox.empty() || one.now != phase::reading) return {verdict::keep};
  std::string input = std::exchange(one.inbox, {});
  const char* from = input.data() + std::exchange(one.inbox_at, 0);
  const char* const to = input.data() + input.size();
  const outcome result = take(one, from, to);
  if (result.what != verdict::keep || one.now == phase::lingering) return result;
  if (from != to) {
    one.inbox_at = static_cast<std::size_t>(from - input.data());
    one.inbox = std::move(input);
    make_ready(one);
    return result;
  }
  return one.now == phase::reading ? kept(clients_.watch(one, EPOLLIN)) : result;
}

outcome http_handler::on_head(client& one, bool body_is_here) {
  const http::request& request = one.parser->current();
  one.seen = 0;
  one.body_begun = false;
  one.ingests = request.method == http::method::post || request.method == http::method::put;
  if (!request.keep_alive) one.last = true;
  // What was on its way when the stop came is served.
  if (clients_.draining() && one.began >= one.owed) return refuse(one, 503, "the pool is stopping");
  if (one.ingests && bodies_.stuck()) return refuse(one, 503, output_takes_nothing);
  if (one.ingests && request.encoded && !config_.pass_encodings) return refuse(one, 415, "the body is encoded");
  const bool has_body = request.chunked || request.length > 0;
  if (!request.expects_continue || !has_body || body_is_here) return {verdict::keep};
  if (one.ingests) return answers_.go_on(one);
  // The answer is known without the body, which may follow all the same.
  one.last = one.broken = true;
  return answer_get(one);
}

outcome http_handler::on_body(client& one, std::span<const char> data) {
  one.seen += data.size();
  stats_.bytes_in.add(data.size());
  if (!one.ingests) {
    stats_.bytes_discarded.add(data.size());
    return {verdict::keep};
  }
  one.body_begun = true;
  const bool last = one.parser->current().has_length && one.parser->remaining() == 0;
  bool added = false;
  try {
    added = bodies_.add(one, data, last);
  } catch (const std::bad_alloc&) {
    stats_.bytes_discarded.add(data.size());
    throw;
  }
  while (client* const slow = bodies_.next_slow()) settle(*slow, refuse_slow(*slow));
  if (added) return {verdict::keep};
  stats_.bytes_discarded.add(data.size());
  return refuse(one, 503, no_room);
}

outcome http_handler::on_done(client& one) {
  if (!one.ingests) return answer_get(one);
  if (one.seen == 0) return answers_.give(one, {204});
  bodies_.complete(one);
  return {verdict::keep};
}

outcome http_handler::answer_get(client& one) {
  const http::request& request = one.parser->current();
  if (request.method == http::method::options)
    return answers_.give(one, {.status = 204, .options = true, .preflight = request.preflight});
  if (request.method == http::method::other) return answers_.give(one, {.status = 405});
  if (request.target == http::target::healthz) {
    const bool well = !clients_.draining() && !bodies_.stuck() && !bodies_.full();
    return answers_.give(one, well ? http::reply{.status = 200, .content = "ok\n"} : http::reply{.status = 503});
  }
  if (request.target != http::target::stats) return answers_.give(one, {.status = 404});
  if (stats_text_.empty()) stats_text_ = stats_json(page_);
  return answers_.give(one, {.status = 200, .content = stats_text_, .type = "application/json"});
}

/// With an error, after which nothing of the connection can be understood, or is wanted.
outcome http_handler::refuse(client& one, int status, std::string_view why) {
  one.last = one.broken = true;
  return answers_.give(one, {.status = status, .why = why});
}

/// Its body has not come at the least pace, or others need the room.
outcome http_handler::refuse_slow(client& one) {
  clients_.note_timeout(one, timeout_reason::pace);
  return refuse(one, 408, "the body came too slowly");
}

/// For a client other than the one that the loop has asked about.
void http_handler::settle(client& one, outcome result) {
  if (result.what == verdict::keep) return;
  if (result.what == verdict::reset) {
    clients_.fail(one, result.error);
  } else {
    clients_.close(one);
  }
}

}  // namespace procpool::worker
