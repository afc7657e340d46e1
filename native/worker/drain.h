#pragma once

#include <cstdint>

#include "worker/connection.h"

/// When a draining worker closes a connection whose client has not closed it. All that had arrived
/// when the stop came is read first. What the client's own kernel still held follows at the
/// network's speed: a pause shows its end, and who never pauses is past it after the limit. Pure:
/// the caller passes the time, in ms, on a clock that stands still while stdout takes nothing.
namespace procpool::worker::drain {

constexpr std::uint64_t pause_ms = 50;
constexpr std::uint64_t limit_ms = 1000;

/// `arrived`: bytes that wait in the connection's socket.
inline void begin(connection& client, std::uint64_t arrived, std::uint64_t now_ms) {
  client.owed = client.received + arrived;
  client.caught_up_ms = now_ms;
  client.last_data_ms = now_ms;
}

/// To be told of every read.
inline void received(connection& client, std::uint64_t now_ms) {
  client.last_data_ms = now_ms;
  if (client.received < client.owed) client.caught_up_ms = now_ms;
}

inline bool complete(const connection& client, std::uint64_t now_ms) {
  if (client.received < client.owed) return false;
  return now_ms - client.last_data_ms >= pause_ms || now_ms - client.caught_up_ms >= limit_ms;
}

}  // namespace procpool::worker::drain
