#include "worker/http_handler.h"

#include <cerrno>
#include <utility>

#include "sys/syscalls.h"
#include "worker/http_stats.h"

namespace procpool::worker {
namespace {

using http::step;
using ipc::timeout_reason;

// A body up to this is whole before the first byte of it goes out.
constexpr std::size_t gather_bytes = 1 << 20;

// What a worker gathers of all its clients' bodies.
constexpr std::size_t gather_most_bytes = 1 << 26;

// A longer body has stdout to itself, and has to keep this pace if others wait.
constexpr std::uint64_t pace_bytes = 1 << 18;
constexpr std::uint32_t pace_ms = 2000;

// A body that has waited for stdout so long is refused.
constexpr std::uint32_t wait_limit_ms = 5000;

// So long a client may go on with what it has begun, beyond its greatest age.
constexpr std::uint32_t grace_ms = 5000;

// Requests that one client, and all of them, may have answered in a round: pipelined, they would
// keep the worker from everything else.
constexpr unsigned visit_requests = 32;
constexpr unsigned round_requests = 1024;

// Read at once from a client that most likely has to wait.
constexpr std::size_t blocked_read_bytes = 4096;

// Of those that have waited, so many bytes are written at once.
constexpr std::uint64_t batch_bytes = 1 << 18;

}  // namespace

http_handler::http_handler(const surroundings<client>& own)
    : config_(own.config),
      page_(own.page),
      stats_(own.stats),
      clients_(own.all),
      deadlines_(own.times),
      answers_(own),
      delivery_(own.out, own.turn, own.stats),
      round_left_(round_requests) {
  limits_.body_bytes = own.config.max_body;
}

outcome http_handler::on_readable(client& one) {
  if (one.now == phase::streaming) return stream(one);
  const bool heeded = one.now == phase::reading;
  const bool waits = (!heeded && one.now != phase::lingering) || !one.inbox.empty();
  if (waits) return kept(clients_.watch(one, 0));

  const std::size_t most = delivery_.blocked() ? blocked_read_bytes : buffer_.size();
  const sys::result read = sys::receive(one.fd, buffer_.data(), most);
  if (read == -EAGAIN) return {verdict::keep};
  if (read == 0) return {verdict::close};
  if (read < 0) return {verdict::reset, static_cast<int>(-read)};
  clients_.received(one, static_cast<std::uint64_t>(read));
  if (!heeded) return {verdict::keep};

  const char* from = buffer_.data();
  const char* const to = from + read;
  const outcome result = take(one, from, to);
  if (result.what == verdict::keep && from != to) {
    one.inbox.assign(from, to);
    make_ready(one);
  }
  return result;
}

outcome http_handler::on_writable(client& one) {
  const outcome result = answers_.send_rest(one);
  if (result.what == verdict::keep) make_ready(one);
  return result;
}

outcome http_handler::on_timeout(client& one, timeout_reason reason) {
  const bool begun = one.timed || one.now != phase::reading || (one.watched != 0 && waiting_bytes(one) > 0);
  if (reason == timeout_reason::max_age && begun && !one.last) {
    // It ends with what it has begun, if that does not take too long.
    one.last = true;
    return put_off(one, reason, grace_ms);
  }
  switch (one.now) {
    case phase::reading:
      if (!begun || !one.parser) return {verdict::timed_out};
      clients_.note_timeout(one, reason);
      return refuse(one, 408);
    case phase::streaming:
      if (in_no_hurry(reason)) return put_off(one, reason, pace_ms);
      if (reason == timeout_reason::pace && !std::exchange(late_, true)) return put_off(one, reason, pace_ms);
      clients_.note_timeout(one, reason);
      return refuse(one, 408);
    case phase::queued:
      return reason == timeout_reason::pace ? refuse_waiting(one) : put_off(one, reason, wait_limit_ms);
    case phase::delivering:
      if (reason == timeout_reason::pace) take_back();
      return one.now == phase::delivering ? put_off(one, reason, wait_limit_ms) : outcome{verdict::keep};
    case phase::replying:
      return {verdict::timed_out};
    case phase::lingering:
      return {verdict::close};
  }
  return {verdict::close};
}

outcome http_handler::put_off(client& one, timeout_reason reason, std::uint32_t by_ms) {
  deadlines_.put_off(one, reason, by_ms);
  return {verdict::keep};
}

/// What keeps its body is stdout, or nobody waits for its end.
bool http_handler::in_no_hurry(timeout_reason reason) const {
  return delivery_.blocked() || (reason == timeout_reason::pace && queued_.empty() && !delivery_.wanted());
}

/// Stdout has not taken its body in time.
outcome http_handler::refuse_waiting(client& one) {
  if (one.parser->started()) return refuse(one, 503);
  const outcome result = answers_.give(one, {503});
  if (result.what == verdict::keep) make_ready(one);
  return result;
}

bool http_handler::expire(client& one) {
  const bool begun = one.now == phase::delivering && delivery_.delivered() > one.mark - one.seen;
  const bool torn = one.now == phase::streaming || (begun && delivery_.delivered() < one.mark);
  if (torn) tear(one);
  return torn;
}

bool http_handler::drained(const client& one, std::uint64_t now_ms) const {
  if (one.now == phase::lingering) return drain::complete(one, now_ms);
  if (one.now != phase::reading || one.behind || !one.inbox.empty()) return false;
  if (one.parser && one.parser->started()) return false;
  return one.served || drain::complete(one, now_ms);
}

outcome http_handler::flush() {
  do {
    const sys::result flushed = delivery_.flush();
    answer_delivered();
    if (flushed == -EAGAIN) {
      limit_waits();
      return {verdict::stalled};
    }
    if (flushed < 0) return {verdict::broken, static_cast<int>(-flushed)};
    admit();
  } while (delivery_.pending() > 0);
  if (streaming_ != nullptr && streaming_->watched == 0) {
    deadlines_.expect(*streaming_, timeout_reason::pace, pace_ms);
    settle(*streaming_, kept(clients_.watch(*streaming_, EPOLLIN)));
  }
  return {verdict::keep};
}

void http_handler::serve_ready() {
  round_left_ = round_requests;
  stats_text_.clear();
  for (std::size_t count = ready_.size(); count > 0 && round_left_ > 0; --count) {
    client* const one = find(ready_.front(), phase::reading);
    ready_.pop_front();
    if (one != nullptr) settle(*one, take_inbox(*one));
  }
}

/// Its next request waits to be looked at.
void http_handler::make_ready(client& one) {
  if (one.inbox.empty() || one.now != phase::reading) return;
  one.turn = ++turns_;
  ready_.push_back({one.fd, one.turn, 0, 0});
}

void http_handler::time_request(client& one) {
  if (one.timed || one.now == phase::lingering || !one.parser->started()) return;
  one.timed = true;
  deadlines_.expect_request(one, config_.request_ms);
}

/// Reads requests until the input is used up, one of them has to wait, or it is others' turn.
outcome http_handler::take(client& one, const char*& from, const char* to) {
  if (!one.parser) one.parser.emplace(limits_);
  outcome result{verdict::keep};
  unsigned left = visit_requests;
  while (result.what == verdict::keep && (one.now == phase::reading || one.now == phase::streaming)) {
    if (!one.parser->started() && (left == 0 || round_left_ == 0)) break;
    if (!one.parser->started()) one.began = one.received - static_cast<std::uint64_t>(to - from);
    switch (one.parser->next(from, to)) {
      case step::more:
        time_request(one);
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
        result = refuse(one, one.parser->status());
        break;
    }
  }
  if (result.what == verdict::keep) time_request(one);
  return result;
}

/// Goes on with what was read while an earlier request had to wait.
outcome http_handler::take_inbox(client& one) {
  if (one.inbox.empty() || (one.now != phase::reading && one.now != phase::streaming)) return {verdict::keep};
  std::string input = std::exchange(one.inbox, {});
  const char* from = input.data() + std::exchange(one.inbox_at, 0);
  const char* const to = input.data() + input.size();
  const outcome result = take(one, from, to);
  if (result.what != verdict::keep) return result;
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
  one.ingests = request.method == http::method::post || request.method == http::method::put;
  if (!request.keep_alive) one.last = true;
  // What was on its way when the stop came is served.
  const bool late = clients_.draining() && one.began >= one.owed;
  if (late || (one.ingests && out_of_service())) return refuse(one, 503);
  if (one.ingests && !request.has_length && !request.chunked) return refuse(one, 411);
  if (!request.expects_continue || body_is_here) return {verdict::keep};
  return answers_.go_on(one);
}

outcome http_handler::on_body(client& one, std::span<const char> data) {
  one.seen += data.size();
  stats_.bytes_in.add(data.size());
  if (!one.ingests) {
    stats_.bytes_discarded.add(data.size());
    return {verdict::keep};
  }
  const bool whole = one.parser->current().has_length && one.parser->remaining() == 0;
  const bool at_once = whole && one.body.size() == 0 && queued_.empty() && delivery_.flows();
  if (at_once || one.now == phase::streaming) {
    delivery_.add(data);
    return {verdict::keep};
  }
  if (gathered_ + data.size() > gather_most_bytes) {
    stats_.bytes_discarded.add(data.size());
    return refuse(one, 503);
  }
  one.body.add(data, gathered_);
  if (one.body.size() > gather_bytes && !whole) queue(one);
  return {verdict::keep};
}

outcome http_handler::on_done(client& one) {
  if (!one.ingests) return answer_get(one);
  if (one.seen == 0) return answers_.give(one, {204});
  if (one.now == phase::streaming) {
    end_stream();
  } else if (one.body.size() > 0) {
    queue(one);
    return {verdict::keep};
  }
  await_delivery(one);
  return {verdict::keep};
}

/// Judged by what stdout takes from any of the workers.
bool http_handler::out_of_service() const {
  constexpr std::uint64_t ms_ns = 1'000'000;
  return delivery_.stuck_ns() > wait_limit_ms * ms_ns;
}

void http_handler::queue(client& one) {
  one.now = phase::queued;
  one.turn = ++turns_;
  queued_.push_back({one.fd, one.turn, 0, 0});
  deadlines_.expect(one, timeout_reason::pace, wait_limit_ms);
}

/// Whose turn it is goes to stdout: bodies that are whole, or one that goes on as it comes.
void http_handler::admit() {
  while (!queued_.empty() && delivery_.flows() && delivery_.pending() < batch_bytes) {
    client* const one = find(queued_.front(), phase::queued);
    queued_.pop_front();
    if (one == nullptr) continue;
    if (one->parser->started()) {
      start_stream(*one);
    } else {
      delivery_.add(one->body.bytes());
      one->body.clear();
      await_delivery(*one);
    }
  }
}

void http_handler::start_stream(client& one) {
  delivery_.open();
  delivery_.add(one.body.bytes());
  one.body.clear();
  streaming_ = &one;
  one.now = phase::streaming;
  keep_pace(one, pace_bytes);
  outcome result = take_inbox(one);
  if (result.what == verdict::keep && one.now == phase::streaming) result = kept(clients_.watch(one, EPOLLIN));
  settle(one, result);
}

outcome http_handler::stream(client& one) {
  for (std::uint64_t moved = 0; moved < round_share_bytes && one.now == phase::streaming;) {
    const sys::result flushed = delivery_.flush();
    if (flushed == -EAGAIN) {
      // A descriptor that is watched can always be taken out.
      [[maybe_unused]] const sys::result unwatched = clients_.watch(one, 0);
      return {verdict::stalled};
    }
    if (flushed < 0) return {verdict::broken, static_cast<int>(-flushed)};

    const std::uint64_t known = one.parser->remaining();
    const sys::result read =
        known > 0 ? delivery_.move(one.fd, known) : sys::receive(one.fd, buffer_.data(), buffer_.size());
    if (read == -EAGAIN) return {verdict::keep};
    if (read <= 0) {
      tear(one);
      return read == 0 ? outcome{verdict::close} : outcome{verdict::reset, static_cast<int>(-read)};
    }
    const auto size = static_cast<std::uint64_t>(read);
    moved += size;
    clients_.received(one, size);
    keep_pace(one, size);
    const char* from = buffer_.data();
    const char* to = from;
    if (known > 0) {
      one.parser->skip(size);
      one.seen += size;
      stats_.bytes_in.add(size);
    } else {
      to += size;
    }
    const outcome result = take(one, from, to);
    if (result.what != verdict::keep) return result;
    if (from != to) one.inbox.assign(from, to);
  }
  return {verdict::keep};
}

void http_handler::end_stream() {
  delivery_.close();
  streaming_ = nullptr;
}

/// The rest of a body that is partly delivered does not come.
void http_handler::tear(client& one) {
  end_stream();
  stats_.torn.add(1);
  clients_.note(ipc::log_event::torn, one, one.seen);
}

void http_handler::keep_pace(client& one, std::uint64_t bytes) {
  paced_ += bytes;
  if (paced_ < pace_bytes) return;
  paced_ = 0;
  late_ = false;
  deadlines_.expect(one, timeout_reason::pace, pace_ms);
}

void http_handler::await_delivery(client& one) {
  one.now = phase::delivering;
  one.turn = ++turns_;
  one.mark = delivery_.added();
  delivering_.push_back({one.fd, one.turn, one.mark - one.seen, one.mark});
}

/// Whoever has been waiting since this flush shall not do so for ever.
void http_handler::limit_waits() {
  for (auto each = delivering_.rbegin(); each != delivering_.rend() && !each->limited; ++each) {
    each->limited = true;
    client* const one = find(*each, phase::delivering);
    if (one != nullptr) deadlines_.expect(*one, timeout_reason::pace, wait_limit_ms);
  }
}

/// Bodies of which nothing is on its way yet are refused after all.
void http_handler::take_back() {
  if (streaming_ != nullptr) return;
  std::deque<place> taken;
  while (!delivering_.empty() && delivering_.back().begin >= delivery_.committed()) {
    delivery_.take_back(delivering_.back().begin);
    taken.push_front(delivering_.back());
    delivering_.pop_back();
  }
  for (const place& each : taken) {
    stats_.bytes_discarded.add(each.mark - each.begin);
    client* const one = find(each, phase::delivering);
    if (one != nullptr) settle(*one, refuse_waiting(*one));
  }
}

void http_handler::answer_delivered() {
  while (!delivering_.empty() && delivering_.front().mark <= delivery_.delivered()) {
    client* const one = find(delivering_.front(), phase::delivering);
    delivering_.pop_front();
    if (one == nullptr) continue;
    const outcome result = answers_.give(*one, {204});
    if (result.what == verdict::keep) make_ready(*one);
    settle(*one, result);
  }
}

http_client* http_handler::find(const place& where, phase expected) {
  client* const one = clients_.find(where.fd);
  return one != nullptr && one->now == expected && one->turn == where.turn ? one : nullptr;
}

outcome http_handler::answer_get(client& one) {
  const http::request& request = one.parser->current();
  if (request.method == http::method::options)
    return answers_.give(one, {.status = 204, .options = true, .preflight = request.preflight});
  if (request.method == http::method::other) return answers_.give(one, {405});
  if (request.target == http::target::healthz) {
    const bool well = !clients_.draining() && !out_of_service();
    return answers_.give(one, well ? http::reply{.status = 200, .content = "ok\n"} : http::reply{.status = 503});
  }
  if (request.target != http::target::stats) return answers_.give(one, {404});
  if (stats_text_.empty()) stats_text_ = stats_json(page_);
  return answers_.give(one, {.status = 200, .content = stats_text_, .type = "application/json"});
}

/// With an error, after which nothing of the connection can be understood, or is wanted.
outcome http_handler::refuse(client& one, int status) {
  if (one.now == phase::streaming) tear(one);
  one.last = one.broken = true;
  return answers_.give(one, {status});
}

/// For a client other than the one that the loop has asked about.
void http_handler::settle(client& one, outcome result) {
  if (result.what == verdict::keep) return;
  if (&one == streaming_) tear(one);
  if (result.what == verdict::reset) {
    clients_.fail(one, result.error);
  } else {
    clients_.close(one);
  }
}

}  // namespace procpool::worker
