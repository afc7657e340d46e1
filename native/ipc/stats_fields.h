#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ipc/stats_page.h"

/// The counters by the names that users see: for the addon and GET /stats.
namespace procpool::ipc {

struct stats_field {
  const char* name;
  std::uint64_t (*read)(const worker_slot&);
};

/// For how long the output has been blocked, in ms, the present wait included.
std::uint64_t stalled_ms(const worker_slot& slot);

extern const std::array<stats_field, 25> stats_fields;

/// Names for what the page holds, which is shared memory: "unknown" if it is none of them.
std::string_view name_of_worker_state(std::uint64_t state);
std::string_view name_of_pool_state(std::uint64_t state);

/// A worker has run in that slot.
bool was_used(const worker_slot& slot);

}  // namespace procpool::ipc
