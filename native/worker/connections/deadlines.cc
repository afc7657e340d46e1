#include "worker/connections/deadlines.h"

#include <algorithm>

namespace procpool::worker {

using ipc::timeout_reason;

event::tick deadline_ticks::first() const { return std::min({idle, max_age, request, phase}); }

timeout_reason deadline_ticks::reason() const {
  const event::tick due = first();
  if (due == phase) return phase_reason;
  if (due == request) return timeout_reason::request;
  return due == idle ? timeout_reason::idle : timeout_reason::max_age;
}

deadlines::deadlines(const ipc::pool_config& config, const worker_clock& clock)
    : config_(config), clock_(clock), wheel_(clock.now_ns() / tick_ns) {}

void deadlines::begin(client_deadlines& client) {
  client.max_age = after(config_.max_age_ms);
  client.idle = after(config_.idle_ms);
  expect(client, timeout_reason::first_byte, config_.first_byte_ms);
}

void deadlines::renew(client_deadlines& client) {
  if (config_.idle_ms == 0) return;
  client.idle = after(config_.idle_ms);
  set(client);
}

void deadlines::expect(client_deadlines& client, timeout_reason reason, std::uint32_t within_ms) {
  client.phase = after(within_ms);
  client.phase_reason = reason;
  set(client);
}

void deadlines::expect_request(client_deadlines& client, std::uint32_t within_ms) {
  client.request = after(within_ms);
  set(client);
}

void deadlines::suspend(client_deadlines& client) {
  client.phase = client.request = client.idle = client_deadlines::never;
  set(client);
}

void deadlines::put_off(client_deadlines& client, timeout_reason reason, std::uint32_t by_ms) {
  const event::tick later = after(by_ms);
  if (reason == timeout_reason::idle) {
    client.idle = later;
  } else if (reason == timeout_reason::max_age) {
    client.max_age = later;
  } else if (reason == timeout_reason::request) {
    client.request = later;
  } else {
    client.phase = later;
  }
  set(client);
}

void deadlines::arm() {
  const auto next = wheel_.next();
  if (!next || clock_.stands()) return alarm_timer_.stop();
  if (alarm_timer_.running() && alarm_tick_ <= *next) return;
  const std::uint64_t now = clock_.now_ns();
  const std::uint64_t due = *next * tick_ns;
  alarm_timer_.set(due > now ? due - now : 0);
  alarm_tick_ = *next;
}

event::tick deadlines::after(std::uint32_t ms) const {
  constexpr std::uint64_t ms_ns = 1'000'000;
  if (ms == 0) return client_deadlines::never;
  return (clock_.now_ns() + ms * ms_ns + tick_ns - 1) / tick_ns;
}

void deadlines::set(client_deadlines& client) {
  const event::tick due = client.first();
  if (due == client_deadlines::never) {
    wheel_.cancel(client);
  } else {
    wheel_.set(client, due);
  }
}

}  // namespace procpool::worker
