#pragma once

#include <vector>

#include "bench.h"

namespace bench {

/// Forked processes that do not outlive this one: end() ends them, and so does this one's death.
class children {
 public:
  template <typename Work>
  void add(Work work) {
    const pid_t parent = sys::process_id();
    const auto child = static_cast<pid_t>(check("fork", sys::fork()));
    if (child != 0) {
      pids_.push_back(child);
      return;
    }
    check("prctl", sys::signal_on_parent_death(SIGKILL));
    if (sys::parent_id() != parent) fail("the parent has ended");
    sys::unblock_signals();
    work();
    std::_Exit(EXIT_SUCCESS);
  }

  /// Returns when they are gone, and their sockets closed.
  void end() {
    for (const pid_t pid : pids_) check("kill", sys::kill(pid, SIGTERM));
    int status = 0;
    for (const pid_t pid : pids_) check("waitpid", sys::wait_for(pid, status, 0));
    pids_.clear();
  }

 private:
  std::vector<pid_t> pids_;
};

}  // namespace bench
