#pragma once

#include <cstdint>

#include "event/event_tag.h"

namespace procpool::supervisor {

/// What the supervisor's poller watches. The index of a worker's channel is the worker's slot.
enum class event_kind : std::uint8_t { listener, signals, host, output, worker };

using event_tag = event::event_tag<event_kind>;

}  // namespace procpool::supervisor
