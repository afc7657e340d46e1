#include "worker/handlers/http_handler.h"

#include <cerrno>
#include <new>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

using ipc::timeout_reason;

// Beyond its max age, a client may go on with what it has begun for so long.
constexpr std::uint32_t grace_ms = 5000;

// Read at once from a client that most likely has to wait for stdout.
constexpr std::size_t blocked_read_bytes = 4096;

// Bytes written in a round, so that a long body does not keep the worker from everything else.
constexpr std::uint64_t round_bytes = 1 << 22;

// A body that waits for stdout is looked at again after so long.
constexpr std::uint32_t look_again_ms = 2000;

}  // namespace

http_handler::http_handler(const handler_context<http_client>& context)
    : clients_(context.clients),
      deadlines_(context.deadlines),
      answers_(context),
      bodies_(context, last_ticket_),
      requests_(context, answers_, bodies_),
      stats_(context.stats) {}

/// Refuses the request where there is no memory for the step.
template <typename Step>
outcome http_handler::guarded(http_client& client, Step step) {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    return out_of_memory(client);
  }
}

outcome http_handler::out_of_memory(http_client& client) {
  stats_.out_of_memory.add(1);
  switch (client.now) {
    case phase::reading:
      return requests_.refuse(client, 503, http::no_memory);
    case phase::queued:
    case phase::delivering:
      // Its body is on its way, and is answered. What came behind it is lost.
      client.last = client.broken = true;
      client.inbox.clear();
      return put_off(client, timeout_reason::pace, look_again_ms);
    case phase::replying:
    case phase::lingering:
      return {verdict::reset, ENOMEM};
  }
  return {verdict::close};
}

outcome http_handler::on_readable(http_client& client) {
  return guarded(client, [&] { return read(client); });
}

outcome http_handler::read(http_client& client) {
  const bool reading = client.now == phase::reading;
  const bool waits = (!reading && client.now != phase::lingering) || !client.inbox.empty();
  if (waits) return kept(clients_.watch(client, 0));

  const std::size_t max = bodies_.blocked() ? blocked_read_bytes : buffer_.size();
  const sys::result read = sys::receive(client.fd, buffer_.data(), max);
  if (read == -EAGAIN) return {verdict::keep};
  if (read == 0) return {verdict::close};
  if (read < 0) return {verdict::reset, static_cast<int>(-read)};
  clients_.received(client, static_cast<std::uint64_t>(read));
  if (!reading) {
    answers_.linger_on(client);
    return {verdict::keep};
  }

  const char* from = buffer_.data();
  const char* const to = from + read;
  const outcome result = requests_.take(client, from, to);
  if (result.what == verdict::keep && client.now != phase::lingering && from != to) {
    client.inbox.append({from, to});
    make_ready(client);
  }
  return result;
}

outcome http_handler::on_writable(http_client& client) {
  return guarded(client, [&] {
    const outcome result = answers_.send_rest(client);
    if (result.what == verdict::keep) make_ready(client);
    return result;
  });
}

outcome http_handler::on_timeout(http_client& client, timeout_reason reason) {
  return guarded(client, [&] { return on_due(client, reason); });
}

outcome http_handler::on_due(http_client& client, timeout_reason reason) {
  const bool begun = client.timed || client.now != phase::reading || (client.watched != 0 && waiting_bytes(client) > 0);
  if (reason == timeout_reason::max_age && begun && !client.last) {
    // It ends with what it has begun, if that does not take too long.
    client.last = true;
    return put_off(client, reason, grace_ms);
  }
  switch (client.now) {
    case phase::reading:
      if (!begun || !client.parser) return {verdict::timed_out};
      // What has come is read first.
      if (reason == timeout_reason::pace && waiting_bytes(client) > 0) return put_off(client, reason, grace_ms);
      if (reason == timeout_reason::pace && bodies_.keeps_pace(client)) return {verdict::keep};
      if (reason == timeout_reason::pace) return requests_.refuse_slow(client);
      clients_.note_timeout(client, reason);
      return requests_.refuse(client, 408, "the request took too long");
    case phase::queued:
    case phase::delivering:
      return keep_waiting(client, reason);
    case phase::replying:
      return {verdict::timed_out};
    case phase::lingering:
      return {verdict::close};
  }
  return {verdict::close};
}

/// Its body waits for stdout.
outcome http_handler::keep_waiting(http_client& client, timeout_reason reason) {
  const std::uint32_t left = reason == timeout_reason::pace ? bodies_.may_wait_ms(client) : look_again_ms;
  if (left > 0) return put_off(client, reason, left);
  if (client.now == phase::queued) return refuse_waiting(client);
  bodies_.take_back();
  while (http_client* const other = bodies_.next_refused()) conclude(clients_, *other, refuse_waiting(*other));
  return client.now == phase::delivering ? put_off(client, reason, look_again_ms) : outcome{verdict::keep};
}

outcome http_handler::put_off(http_client& client, timeout_reason reason, std::uint32_t by_ms) {
  deadlines_.put_off(client, reason, by_ms);
  return {verdict::keep};
}

/// Stdout has not taken its body in time.
outcome http_handler::refuse_waiting(http_client& client) {
  const outcome result = answers_.give(client, {.status = 503, .why = http::output_takes_nothing});
  if (result.what == verdict::keep) make_ready(client);
  return result;
}

bool http_handler::drained(const http_client& client, const instant& now) const {
  if (client.now == phase::lingering) return drain::complete(client, now);
  if (client.now != phase::reading || client.behind || !client.inbox.empty()) return false;
  if (client.parser && client.parser->started()) return false;
  return client.served || drain::complete(client, now);
}

void http_handler::flush() {
  const std::uint64_t before = bodies_.delivered();
  do {
    const sys::result flushed = bodies_.flush();
    while (http_client* const client = bodies_.next_delivered()) {
      conclude(clients_, *client, guarded(*client, [&] { return answer_delivered(*client); }));
    }
    if (flushed < 0) return;
    while (http_client* const client = bodies_.admit())
      conclude(clients_, *client, requests_.refuse(*client, 503, http::no_memory));
    if (const auto failed = bodies_.feed(); failed && failed->client != nullptr) {
      // Of what is partly delivered nothing true can be said.
      conclude(clients_, *failed->client,
               failed->torn ? outcome{verdict::reset, EIO} : requests_.refuse(*failed->client, 503, http::no_room));
    }
  } while (bodies_.busy() && bodies_.delivered() - before < round_bytes);
}

outcome http_handler::answer_delivered(http_client& client) {
  const outcome result = answers_.give(client, {.status = 204});
  if (result.what == verdict::keep) make_ready(client);
  return result;
}

void http_handler::serve_ready() {
  requests_.begin_round();
  for (std::size_t count = ready_.size(); count > 0 && requests_.has_time(); --count) {
    const http_client::ticket first = ready_.front();
    ready_.pop_front();
    http_client* const client = clients_.find(first.fd);
    if (client == nullptr || !client->holds(first, phase::reading)) continue;
    conclude(clients_, *client, guarded(*client, [&] { return take_inbox(*client); }));
  }
}

/// Its next request waits to be looked at.
void http_handler::make_ready(http_client& client) {
  if (client.inbox.empty() || client.now != phase::reading) return;
  ready_.push_back(client.take_ticket(last_ticket_));
}

/// Goes on with what was read while an earlier request had to wait.
outcome http_handler::take_inbox(http_client& client) {
  if (client.inbox.empty() || client.now != phase::reading) return {verdict::keep};
  byte_buffer input = std::move(client.inbox);
  const std::span<const char> bytes = input.bytes();
  const char* from = bytes.data();
  const char* const to = from + bytes.size();
  const outcome result = requests_.take(client, from, to);
  if (result.what != verdict::keep || client.now == phase::lingering) return result;
  if (from != to) {
    input.remove(static_cast<std::size_t>(from - bytes.data()));
    client.inbox = std::move(input);
    make_ready(client);
    return result;
  }
  return client.now == phase::reading ? kept(clients_.watch(client, EPOLLIN)) : result;
}

}  // namespace procpool::worker
