#pragma once

#include <cstdint>

#include "worker/connection.h"

/// When a draining worker closes a connection whose client has not closed it. All that had arrived
/// when the stop came is read first. What the client and its kernel still held follows as fast as
/// they can: a pause shows its end, and who never pauses is past it after the limit. Pure: the
/// caller passes the time, in ms, on a clock that stands still while stdout takes nothing.
namespace procpool::worker::drain {

/// For a client that was silent when the stop came: something may be on its way.
constexpr std::uint64_t silent_pause_ms = 50;

/// For one that has gone on sending: it may be slow, or wait for a processor.
constexpr std::uint64_t sending_pause_ms = 500;

constexpr std::uint64_t limit_ms = 2000;

/// `arrived`: bytes that wait in the connection's socket.
inline void begin(connection& client, std::uint64_t arrived, std::uint64_t now_ms) {
  client.owed = client.received + arrived;
  client.behind = arrived > 0;
  client.sending = false;
  client.caught_up_ms = now_ms;
  client.last_data_ms = now_ms;
}

/// To be told of every read.
inline void received(connection& client, std::uint64_t now_ms) {
  client.sending = true;
  client.last_data_ms = now_ms;
  if (!client.behind) return;
  client.behind = client.received < client.owed;
  client.caught_up_ms = now_ms;
}

inline bool complete(const connection& client, std::uint64_t now_ms) {
  if (client.behind) return false;
  const std::uint64_t pause = client.sending ? sending_pause_ms : silent_pause_ms;
  return now_ms - client.last_data_ms >= pause || now_ms - client.caught_up_ms >= limit_ms;
}

}  // namespace procpool::worker::drain
