#pragma once

#include <sys/types.h>

#include <cstddef>

#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/standby.h"

namespace procpool::worker {

/// A worker's standbys, seen from within: copies of the worker as it was when it began, made by the worker itself
/// before it serves, or by one of them. A standby shares the descriptor table and worker_memory, sleeps with all
/// signals blocked until the supervisor says that the worker has died, and ends with the supervisor. Worker and
/// standbys.
class standby {
 public:
  /// `supervisor`: its process; `channel`: to it, where what became of a new standby is reported. Borrowed.
  standby(ipc::slot_processes& processes, int slot, pid_t supervisor, ipc::channel& channel)
      : processes_(processes), slot_(slot), supervisor_(supervisor), channel_(channel) {}

  /// Makes the first one. False in the worker; true in the process that has taken over from it, which may be years
  /// later.
  bool begin();

 private:
  bool fork_into(std::size_t seat);
  void wait_for_turn();
  [[nodiscard]] bool is_last() const;
  [[nodiscard]] std::size_t free_seat() const;
  void end_with_supervisor(int signal) const;

  ipc::slot_processes& processes_;
  int slot_;
  pid_t supervisor_;
  ipc::channel& channel_;
  std::size_t seat_ = 0;
};

}  // namespace procpool::worker
