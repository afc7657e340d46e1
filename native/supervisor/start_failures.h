#pragma once

#include <optional>

#include "ipc/log_record.h"
#include "supervisor/control.h"

namespace procpool::supervisor {

/// Logs failed starts: the first of a series with the same reason, and at its end their number. Supervisor.
class start_failures {
 public:
  void add(control& host, const sys::sys_error& failure, int slot);
  void end(control& host);

 private:
  std::optional<ipc::log_record> last_;  // count: failures of this series
};

}  // namespace procpool::supervisor
