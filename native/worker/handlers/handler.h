#pragma once

#include <concepts>
#include <cstdint>

#include "ipc/log_record.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "worker/connections/clients.h"
#include "worker/output/output.h"

namespace procpool::worker {

/// What a handler wants done after it has dealt with a connection.
enum class verdict : std::uint8_t {
  keep,       // wait for more
  close,      // the connection is at its end
  reset,      // the connection is broken: errno in outcome.error
  stalled,    // stdout takes no more, or another worker holds the write lock: read from nobody until waits_for() says
  broken,     // stdout is broken: errno in outcome.error
  timed_out,  // the connection is to be closed for the reason that on_timeout() was given
};

struct outcome {
  verdict what;
  int error = 0;
};

/// Keeps the connection if what was asked of it worked.
inline outcome kept(sys::result done) {
  return done < 0 ? outcome{verdict::reset, static_cast<int>(-done)} : outcome{verdict::keep};
}

/// One connection's share of a round, so that a fast client does not keep the others waiting.
constexpr std::uint64_t round_share_bytes = 1U << 20U;

/// What a handler works with. All of it is the worker's.
template <std::derived_from<connection> Client>
struct handler_context {
  const ipc::pool_config& config;
  ipc::pool_page& page;
  ipc::worker_slot& stats;
  clients<Client>& all;
  deadlines& times;
  output& out;
  ipc::write_lock lock;
};

/// A connection's code, a template parameter of the worker's loop: resolved when it is compiled, no
/// virtual call per event. `client` is what it knows of a connection. A std::bad_alloc that leaves one
/// of its calls for a client ends that client.
template <typename T>
concept handler = std::derived_from<typename T::client, connection> &&
    std::constructible_from<T, handler_context<typename T::client>> &&
    requires(T code, typename T::client& client, ipc::timeout_reason reason, const instant& now) {
  { code.on_readable(client) } -> std::same_as<outcome>;
  { code.on_timeout(client, reason) } -> std::same_as<outcome>;  // may keep it, with another deadline
  { code.drained(client, now) } -> std::same_as<bool>;           // may be closed, as the worker is to end
  { code.flush() } -> std::same_as<outcome>;                     // after `stalled`, when there is room again
  { code.flush_now() } -> std::same_as<outcome>;                 // the same, and waits for nobody else
  { code.waits_for() } -> std::same_as<wait_condition>;          // what says so
  { code.pending() } -> std::same_as<std::uint64_t>;             // bytes on their way to stdout
  { code.at_boundary() } -> std::same_as<bool>;                  // nothing is half out: stdout may lead elsewhere now
};

/// One that answers: it reads and deals with what it read, and has a connection watched for
/// writing only while its socket does not take all of an answer.
template <typename T>
concept replying_handler = handler<T> && requires(T code, typename T::client& client) {
  { code.on_writable(client) } -> std::same_as<outcome>;
};

/// One that gathers what is for stdout: its flush() comes at the end of every round. While stdout
/// takes no more, its clients are served on.
template <typename T>
concept gathering_handler = replying_handler<T> && requires(T code, typename T::client& client) {
  { code.serve_ready() } -> std::same_as<void>;   // what it has put off to the next round
  { code.busy() } -> std::same_as<bool>;          // there is such
  { code.expire(client) } -> std::same_as<bool>;  // the stop's time is over: true if a piece is cut off
};

}  // namespace procpool::worker
