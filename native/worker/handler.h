#pragma once

#include <concepts>
#include <cstdint>

#include "ipc/log_record.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "worker/clients.h"
#include "worker/output.h"

namespace procpool::worker {

/// What a handler wants done after it has dealt with a connection.
enum class verdict : std::uint8_t {
  keep,     // wait for more
  close,    // the connection is at its end
  reset,    // the connection is broken: errno in outcome.error
  stalled,  // stdout takes no more: read from nobody until it does
  broken,   // stdout is broken: errno in outcome.error
};

struct outcome {
  verdict what;
  int error = 0;
};

/// What a handler works with. All of it is the worker's.
template <std::derived_from<connection> Client>
struct surroundings {
  const ipc::pool_config& config;
  ipc::pool_page& page;
  ipc::worker_slot& stats;
  clients<Client>& all;
  deadlines& times;
  output& out;
};

/// A connection's code, a template parameter of the worker's loop: resolved when it is compiled, no
/// virtual call per event. `client` is what it knows of a connection.
template <typename T>
concept handler = std::derived_from<typename T::client, connection> &&
    std::constructible_from<T, surroundings<typename T::client>> &&
    requires(T code, typename T::client& client, ipc::timeout_reason reason) {
  { code.on_readable(client) } -> std::same_as<outcome>;
  { code.on_timeout(client, reason) } -> std::same_as<outcome>;  // `close`, or it has another deadline
  { code.flush() } -> std::same_as<outcome>;                     // after `stalled`, when stdout has room again
};

}  // namespace procpool::worker
