#pragma once

#include <cstdint>

#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/worker_table.h"

namespace procpool::supervisor {

/// Tells the host how many workers are ready: each change, when the pool listens for the first time, and when it has
/// to do with fewer workers than it should have. Supervisor.
class size_report {
 public:
  size_report(control& host, ipc::pool_page& page) : host_(host), page_(page) {}

  /// The number of ready workers has changed, or the target.
  void changed(const worker_table& table);

  /// A worker cannot be started.
  void check(const worker_table& table);

 private:
  enum class state : std::uint8_t { starting, listening, short_of_workers };

  void become(state next);

  control& host_;
  ipc::pool_page& page_;
  state state_ = state::starting;
};

}  // namespace procpool::supervisor
