#pragma once

#include <array>
#include <span>

#include "worker/connections/byte_buffer.h"
#include "worker/handlers/handler.h"

namespace procpool::worker {

/// A client of the echo handler, with what it has not taken back yet.
struct echo_client : connection {
  echo_client() = default;
  using connection::connection;

  byte_buffer unsent;
  bool aged = false;

  [[nodiscard]] bool rests() const { return unsent.empty() && !aged; }
  [[nodiscard]] std::uint64_t held_bytes() const { return unsent.size(); }
};

/// Sends everything back to who sent it, for latency checks: RFC 862. Nothing goes to stdout. From a
/// client that does not take its bytes back nothing is read, so that it holds one buffer at most; it
/// counts as idle. Worker.
class echo_handler {
 public:
  using client_type = echo_client;

  explicit echo_handler(const handler_context<echo_client>& context)
      : clients_(context.clients), deadlines_(context.deadlines), stats_(context.stats) {}

  outcome on_readable(echo_client& client);
  outcome on_writable(echo_client& client);
  /// At its max age, what has come from a client is sent back before it is closed, if it takes it.
  outcome on_timeout(echo_client& client, ipc::timeout_reason reason);
  [[nodiscard]] bool drained(const echo_client& client, const instant& now) const;

 private:
  /// Until the socket takes it. Throws std::bad_alloc, and has discarded it then.
  void keep(echo_client& client, std::span<const char> rest);
  /// How much of it the socket took, or -errno.
  sys::result send(echo_client& client, std::span<const char> data);

  clients<echo_client>& clients_;
  deadlines& deadlines_;
  ipc::worker_slot& stats_;
  std::array<char, 1 << 16> buffer_;
};

static_assert(replying_handler<echo_handler>);

}  // namespace procpool::worker
