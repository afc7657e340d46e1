#pragma once

#include <concepts>
#include <cstdint>

#include "worker/connection.h"

namespace procpool::worker {

/// What a handler wants done after it has dealt with a connection.
enum class verdict : std::uint8_t {
  keep,     // wait for more
  close,    // the client has ended the stream
  reset,    // the connection is broken: errno in outcome.error
  stalled,  // stdout takes no more: read from nobody until it does
  broken,   // stdout is broken: errno in outcome.error
};

struct outcome {
  verdict what;
  int error = 0;
};

/// A connection's code, a template parameter of the worker's loop: resolved when it is compiled, no
/// virtual call per event. `client` is what it knows of a connection.
template <typename T>
concept handler = std::derived_from<typename T::client, connection> && requires(T code, typename T::client& client) {
  { code.on_readable(client) } -> std::same_as<outcome>;
  { code.flush() } -> std::same_as<outcome>;  // after `stalled`, when stdout has room again
};

}  // namespace procpool::worker
