#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "event/poller.h"
#include "ipc/channel.h"
#include "ipc/log_record.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"

namespace procpool::supervisor {

/// The supervisor's side of the control channel: takes the host's orders, sends it what happened.
/// A record that the host does not take at once waits in a bounded queue, so that a busy host misses
/// nothing and a hung one holds nobody up. Supervisor; owns its end.
class control {
 public:
  static constexpr std::size_t max_waiting = 4096;

  control(ipc::channel host, ipc::counter& dropped);

  /// Watches the channel. Throws sys_error.
  void watch(event::poller& poller, std::uint64_t tag);

  /// The next order, or none for now; gone() tells whether any can come.
  std::optional<ipc::control_order> next();
  /// The descriptor that came with it, if one did.
  [[nodiscard]] sys::unique_fd take_descriptor() { return std::move(descriptor_); }
  [[nodiscard]] bool gone() const { return !host_; }

  /// Tells the host what happened, completing `details`; `worker` -1 is the supervisor. Every level
  /// is sent: some of it is the host's only news of its pool, and it leaves out what it does not log.
  void write(ipc::log_event event, ipc::log_record details = {}, int worker = -1);

  /// Sends what waits, as far as the host takes it.
  void flush();

  /// At the end: sends all that waits, for as long as the host takes, or until it has gone.
  void deliver_all();

 private:
  void watch_for_room(bool wanted);

  ipc::channel host_;
  ipc::counter& dropped_;
  sys::unique_fd descriptor_;
  std::deque<ipc::log_record> waiting_;
  event::poller* poller_ = nullptr;
  bool watched_for_room_ = false;
  std::uint64_t tag_ = 0;
};

}  // namespace procpool::supervisor
