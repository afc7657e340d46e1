#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "event/poller.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "supervisor/event_kind.h"

namespace procpool::supervisor {

/// The channels to the workers, by slot: orders out, reports in. Supervisor; owns its ends.
class worker_channels {
 public:
  explicit worker_channels(event::poller& poller);

  /// Watches the channel of a worker that has been started. Throws sys_error, and has closed it then.
  void open(int slot, ipc::channel end);
  void close(int slot);
  [[nodiscard]] bool is_open(int slot) const { return static_cast<bool>(at(slot).end); }

  /// False: the event is of a channel that was in this slot before.
  [[nodiscard]] bool is_current(const event_tag& tag) const;

  /// The same order `count` times, at most dispatcher::max_tokens. False: the worker does not get it, and ends.
  bool order(int slot, ipc::worker_order order, std::size_t count = 1);

  /// The order to reopen, with a copy of `output`. 1, or an errno negated.
  sys::result order_reopen(int slot, int output);

  /// How many reports there are now; 0 or an errno but -EAGAIN: the worker ends.
  sys::result receive(int slot, std::span<ipc::worker_report> reports);

 private:
  struct entry {
    ipc::channel end;
    event::generation generation;
  };

  entry& at(int slot) { return entries_[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] const entry& at(int slot) const { return entries_[static_cast<std::size_t>(slot)]; }

  event::poller& poller_;
  std::vector<entry> entries_;
};

}  // namespace procpool::supervisor
