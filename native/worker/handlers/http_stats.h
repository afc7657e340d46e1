#pragma once

#include <string>

#include "ipc/stats_page.h"

namespace procpool::worker {

/// The pool's counters as JSON, with the names of the library's stats(). Worker, which reads them
/// from shared memory.
std::string stats_json(const ipc::pool_page& page);

}  // namespace procpool::worker
