#pragma once

#include <array>
#include <string>
#include <string_view>

#include "worker/handlers/handler.h"

namespace procpool::worker {

/// A client of the echo handler, with what it has not taken back yet.
struct echo_client : connection {
  std::string unsent;
  std::size_t sent = 0;  // bytes of it
  bool aged = false;

  [[nodiscard]] std::uint64_t held() const { return unsent.size() - sent; }
};

/// Sends everything back to who sent it, for latency checks: RFC 862. Nothing goes to stdout. From a
/// client that does not take its bytes back nothing is read, so that it holds one buffer at most; it
/// counts as idle. Worker.
class echo_handler {
 public:
  using client = echo_client;

  explicit echo_handler(const handler_context<client>& own)
      : clients_(own.all), deadlines_(own.times), stats_(own.stats) {}

  outcome on_readable(client& one);
  outcome on_writable(client& one);
  /// At its greatest age, what has come from a client is sent back before it is closed, if it takes it.
  outcome on_timeout(client& one, ipc::timeout_reason reason);
  // It has nothing to do with stdout.
  outcome flush() { return {verdict::keep}; }
  outcome flush_now() { return {verdict::keep}; }
  [[nodiscard]] wait_condition waits_for() const { return {-1, 0}; }
  [[nodiscard]] std::uint64_t pending() const { return 0; }
  [[nodiscard]] bool at_boundary() const { return true; }
  [[nodiscard]] bool drained(const client& one, const instant& now) const;

 private:
  /// Until the socket takes it. Throws std::bad_alloc, and has discarded it then.
  void keep(client& one, std::string_view rest);
  /// How much of it the socket took, or -errno.
  sys::result send(client& one, const char* data, std::size_t size);

  clients<client>& clients_;
  deadlines& deadlines_;
  ipc::worker_slot& stats_;
  std::array<char, 1 << 16> buffer_;
};

static_assert(replying_handler<echo_handler>);

}  // namespace procpool::worker
