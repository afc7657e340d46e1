#include "worker/handlers/http_requests.h"

#include <new>

#include "worker/handlers/http_stats.h"

namespace procpool::worker {
namespace {

using http::step;
using ipc::timeout_reason;
using phase = http_client::phase;

// Requests that one client, and all of them, may have answered in a round: pipelined, they would
// keep the worker from everything else.
constexpr unsigned visit_requests = 32;
constexpr unsigned round_requests = 1024;

}  // namespace

http_requests::http_requests(const handler_context<http_client>& context, http_answers& answers, http_bodies& bodies)
    : config_(context.config),
      page_(context.page),
      stats_(context.stats),
      clients_(context.clients),
      deadlines_(context.deadlines),
      answers_(answers),
      bodies_(bodies),
      round_left_(round_requests) {
  limits_.body_bytes = context.config.max_body;
}

void http_requests::begin_round() {
  round_left_ = round_requests;
  stats_text_.clear();
}

outcome http_requests::take(http_client& client, const char*& from, const char* to) {
  if (!client.parser) client.parser.emplace(limits_);
  outcome result{verdict::keep};
  unsigned left = visit_requests;
  while (result.what == verdict::keep && client.now == phase::reading) {
    if (!client.parser->started() && (left == 0 || round_left_ == 0)) break;
    if (!client.parser->started()) client.began = client.received - static_cast<std::uint64_t>(to - from);
    switch (client.parser->next(from, to)) {
      case step::more:
        await_more(client);
        return {verdict::keep};
      case step::head:
        result = on_head(client, from != to);
        break;
      case step::body:
        result = on_body(client, client.parser->data());
        break;
      case step::done:
        client.more = from != to;
        result = on_done(client);
        if (left > 0) --left;
        if (round_left_ > 0) --round_left_;
        break;
      case step::failed:
        result = refuse(client, client.parser->refused().status, client.parser->refused().why);
        break;
    }
  }
  return result;
}

/// The rest of its request is still to come.
void http_requests::await_more(http_client& client) {
  if (client.now != phase::reading || !client.parser->started()) return;
  if (!client.timed) deadlines_.expect_request(client, config_.request_ms);
  client.timed = true;
  if (client.body_begun) bodies_.await_more(client);
}

outcome http_requests::on_head(http_client& client, bool body_is_here) {
  const http::request& request = client.parser->current();
  client.body_bytes = 0;
  client.body_begun = false;
  client.ingests = request.method == http::method::post || request.method == http::method::put;
  if (!request.keep_alive) client.last = true;
  // What was on its way when the stop came is served.
  if (clients_.draining() && client.began >= client.owed) return refuse(client, 503, "the pool is stopping");
  if (client.ingests && bodies_.stuck()) return refuse(client, 503, http::output_takes_nothing);
  if (client.ingests && request.encoded && !config_.pass_encodings) return refuse(client, 415, "the body is encoded");
  const bool has_body = request.chunked || request.length > 0;
  if (!request.expects_continue || !has_body || body_is_here) return {verdict::keep};
  if (client.ingests) return answers_.go_on(client);
  // The answer is known without the body, which may follow all the same.
  client.last = client.broken = true;
  return answer_get(client);
}

outcome http_requests::on_body(http_client& client, std::span<const char> data) {
  client.body_bytes += data.size();
  stats_.bytes_in.add(data.size());
  if (!client.ingests) {
    stats_.bytes_discarded.add(data.size());
    return {verdict::keep};
  }
  client.body_begun = true;
  const bool last = client.parser->current().has_length && client.parser->remaining() == 0;
  bool added = false;
  try {
    added = bodies_.add(client, data, last);
  } catch (const std::bad_alloc&) {
    stats_.bytes_discarded.add(data.size());
    throw;
  }
  while (http_client* const slow = bodies_.next_slow()) conclude(clients_, *slow, refuse_slow(*slow));
  if (added) return {verdict::keep};
  stats_.bytes_discarded.add(data.size());
  return refuse(client, 503, http::no_room);
}

outcome http_requests::on_done(http_client& client) {
  if (!client.ingests) return answer_get(client);
  if (client.body_bytes == 0) return answers_.give(client, {204});
  bodies_.complete(client);
  return {verdict::keep};
}

outcome http_requests::answer_get(http_client& client) {
  const http::request& request = client.parser->current();
  if (request.method == http::method::options)
    return answers_.give(client, {.status = 204, .options = true, .preflight = request.preflight});
  if (request.method == http::method::other) return answers_.give(client, {.status = 405});
  if (request.target == http::target::healthz) {
    const bool well = !clients_.draining() && !bodies_.stuck() && !bodies_.full();
    return answers_.give(client, well ? http::reply{.status = 200, .content = "ok\n"} : http::reply{.status = 503});
  }
  if (request.target != http::target::stats) return answers_.give(client, {.status = 404});
  if (stats_text_.empty()) stats_text_ = stats_json(page_);
  return answers_.give(client, {.status = 200, .content = stats_text_, .type = "application/json"});
}

outcome http_requests::refuse(http_client& client, int status, std::string_view why) {
  client.last = client.broken = true;
  return answers_.give(client, {.status = status, .why = why});
}

/// Its body has not come at the least pace, or others need the room.
outcome http_requests::refuse_slow(http_client& client) {
  clients_.note_timeout(client, timeout_reason::pace);
  return refuse(client, 408, "the body came too slowly");
}

}  // namespace procpool::worker
