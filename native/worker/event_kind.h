#pragma once

#include <cstdint>

#include "event/event_tag.h"

namespace procpool::worker {

/// What an event of a worker's poller is of. A client's index is that of its slot in the connection table.
enum class event_kind : std::uint8_t {
  signal,
  order,   // of the supervisor's
  output,  // what the record_writer waits for
  client,
};

using event_tag = event::event_tag<event_kind>;

}  // namespace procpool::worker
