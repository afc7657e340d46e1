#include "ipc/stats_fields.h"

#include <algorithm>

#include "sys/syscalls.h"

namespace procpool::ipc {
namespace {

template <std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, std::uint64_t index) {
  return index < N ? names[index] : "unknown";
}

// `closed` is read first, so that a connection that opens and closes in between cannot make it negative.
std::uint64_t active(const worker_slot& slot) {
  const std::uint64_t closed = slot.closed.get();
  return std::max(slot.accepted.get(), closed) - closed;
}

template <timeout_reason reason>
std::uint64_t timeouts(const worker_slot& slot) {
  return slot.timeouts[static_cast<std::size_t>(reason)].get();
}

template <counter worker_slot::*member>
std::uint64_t of(const worker_slot& slot) {
  return (slot.*member).get();
}

}  // namespace

const std::array<stats_field, 25> stats_fields{{
    {"accepted", of<&worker_slot::accepted>},
    {"active", active},
    {"closed", of<&worker_slot::closed>},
    {"refused", of<&worker_slot::refused>},
    {"errors", of<&worker_slot::errors>},
    {"outOfMemory", of<&worker_slot::out_of_memory>},
    {"idleTimeouts", timeouts<timeout_reason::idle>},
    {"firstByteTimeouts", timeouts<timeout_reason::first_byte>},
    {"requestTimeouts", timeouts<timeout_reason::request>},
    {"maxAgeTimeouts", timeouts<timeout_reason::max_age>},
    {"paceTimeouts", timeouts<timeout_reason::pace>},
    {"poisoned", of<&worker_slot::poisoned>},
    {"requests", of<&worker_slot::requests>},
    {"rejected", of<&worker_slot::rejected>},
    {"torn", of<&worker_slot::torn>},
    {"bytesIn", of<&worker_slot::bytes_in>},
    {"bytesOut", of<&worker_slot::bytes_out>},
    {"bytesDiscarded", of<&worker_slot::bytes_discarded>},
    {"bytesDropped", of<&worker_slot::bytes_dropped>},
    {"bytesUnread", of<&worker_slot::bytes_unread>},
    {"bytesLate", of<&worker_slot::bytes_late>},
    {"restarts", of<&worker_slot::restarts>},
    {"takeovers", of<&worker_slot::takeovers>},
    {"logDropped", of<&worker_slot::log_dropped>},
    {"stalledMs", stalled_ms},
}};

std::uint64_t stalled_ms(const worker_slot& slot) {
  const std::uint64_t since = slot.stalled_since_ns.get();
  const std::uint64_t now = sys::monotonic_ns();
  return (slot.stalled_ns.get() + (since != 0 && now > since ? now - since : 0)) / 1'000'000;
}

std::string_view name_of_worker_state(std::uint64_t state) {
  constexpr std::array<std::string_view, 6> names{"unused", "starting", "ready", "draining", "retiring", "waiting"};
  return name_in(names, state);
}

std::string_view name_of_pool_state(std::uint64_t state) {
  constexpr std::array<std::string_view, 4> names{"starting", "running", "draining", "ended"};
  return name_in(names, state);
}

bool was_used(const worker_slot& slot) {
  return slot.state.get() != 0 || slot.accepted.get() != 0 || slot.restarts.get() != 0 || slot.pid.get() != 0;
}

}  // namespace procpool::ipc
