#pragma once

#include <algorithm>
#include <cstdint>

#include "worker/connections/connection.h"
#include "worker/connections/worker_clock.h"

/// When a draining worker closes a connection whose client has not closed it. What had arrived when the stop began is
/// owed, and read first. After that the client has a little time for what its own kernel still held: until it pauses,
/// or until the limit. Pauses are measured on the clients' clock, which stands still while the output is blocked; the
/// limit is real time, so that no client prolongs a stop. Pure.
namespace procpool::worker::drain {

/// The pause that ends a connection on which nothing came since the stop: something may be on its way.
constexpr std::uint64_t silent_pause_ms = 50;

/// The pause that ends one that went on sending: it may be slow, or wait for a processor.
constexpr std::uint64_t sending_pause_ms = 500;

/// Real time for what is not owed.
constexpr std::uint64_t limit_ms = 2000;

/// What is owed is read, or nothing was: the client's own time begins.
inline void begin_grace(connection& client, const instant& now) {
  client.grace_since_ms = now.real_ms;
  client.last_data_ms = now.clients_ms;
}

/// `arrived`: bytes that wait in the connection's socket.
inline void begin(connection& client, std::uint64_t arrived, const instant& now) {
  client.owed = client.received + arrived;
  client.behind = arrived > 0;
  client.sending = false;
  begin_grace(client, now);
}

/// To be told of every read. True: with this one, all that was owed is read.
inline bool received(connection& client, const instant& now) {
  client.sending = true;
  client.last_data_ms = now.clients_ms;
  if (!client.behind || client.received < client.owed) return false;
  client.behind = false;
  client.grace_since_ms = now.real_ms;
  return true;
}

/// Of the bytes that wait in the connection's socket, those that are owed.
inline std::uint64_t owed_of(const connection& client, std::uint64_t waiting) {
  return client.behind ? std::min(waiting, client.owed - client.received) : 0;
}

/// It has had its time.
inline bool cut_off(const connection& client, const instant& now) {
  return !client.behind && now.real_ms - client.grace_since_ms >= limit_ms;
}

/// It has had its time, or has paused.
inline bool complete(const connection& client, const instant& now) {
  if (client.behind) return false;
  const std::uint64_t pause = client.sending ? sending_pause_ms : silent_pause_ms;
  return now.clients_ms - client.last_data_ms >= pause || cut_off(client, now);
}

}  // namespace procpool::worker::drain
