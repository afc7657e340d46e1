#pragma once

#include <optional>

#include "ipc/log_record.h"
#include "supervisor/control.h"

namespace procpool::supervisor {

/// Logs starts that fail again and again for the same reason once, and when that changes or ends how
/// often it was. Supervisor.
class start_failures {
 public:
  void add(control& host, const sys::sys_error& failure, int slot);
  void end(control& host);

 private:
  std::optional<ipc::log_record> last_;  // its count: how often
};

}  // namespace procpool::supervisor
