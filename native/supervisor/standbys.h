#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ipc/standby.h"
#include "ipc/stats_page.h"
#include "supervisor/control.h"

namespace procpool::supervisor {

/// The processes of each slot that stand by for its worker: keeps their number, wakes one when the worker has died, and
/// ends them with it. They are the supervisor's children. Supervisor.
class standbys {
 public:
  standbys(ipc::pool_page& page, control& host);

  /// A slot's processes are all gone, or have not begun: a new worker may begin in its first seat.
  void begin(int slot);
  /// Now it runs.
  void began(int slot, pid_t worker);

  /// Has a standby made where one is missing and another can make it.
  void keep(int slot, std::uint64_t now_ms);
  /// A slot has one more; or it could not be made, and is tried again later.
  void made(int slot, std::uint64_t now_ms);
  void failed(int slot, std::uint64_t now_ms);
  void on_time(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  /// True: the process that has ended, and is reaped, was one of them.
  bool ended(pid_t pid, std::uint64_t now_ms);

  /// The slot's worker has died, and is reaped: one of its standbys takes over. None: there is none.
  /// `crashed`: the worker died of what it did itself.
  std::optional<pid_t> wake(int slot, bool crashed);

  /// Kills and reaps those of the slot, if its worker is gone.
  void end(int slot);

  /// One could take over.
  [[nodiscard]] bool any(int slot) const { return find(slot, ipc::standby_order::wait).has_value(); }

  /// The worker has nothing more to do.
  [[nodiscard]] bool finished(int slot) const { return page_.processes[slot].finished.load(); }

 private:
  struct entry {
    std::size_t serving = 0;  // the worker's seat
    bool running = false;
    std::optional<std::uint64_t> retry_ms;
  };

  [[nodiscard]] bool stands_by(int slot, std::size_t seat) const;
  [[nodiscard]] std::optional<std::size_t> find(int slot, ipc::standby_order order) const;
  ipc::seat& seat_at(int slot, std::size_t seat) { return page_.processes[slot].seats[seat]; }
  [[nodiscard]] const ipc::seat& seat_at(int slot, std::size_t seat) const { return page_.processes[slot].seats[seat]; }
  void note_lack(int slot);
  void log_failure(int slot, int error);
  void give_order(int slot, std::size_t seat, std::uint32_t order);

  ipc::pool_page& page_;
  control& host_;
  std::vector<entry> entries_;  // by slot, grows as needed
  bool failure_logged_ = false;
};

}  // namespace procpool::supervisor
