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

/// The supervisor's end of the control channel: receives the host's orders, sends log records. Records
/// for which there is no room wait in a bounded queue, so that a busy host gets them later and a hung
/// host delays nothing. Supervisor; owns its end.
class control {
 public:
  static constexpr std::size_t max_waiting = 4096;

  control(ipc::channel host, ipc::counter& dropped);

  /// Watches the channel. Throws sys_error.
  void watch(event::poller& poller, std::uint64_t tag);

  /// The next order, or none for now; if gone(), none will come.
  std::optional<ipc::control_order> next();
  /// The descriptor that came with it, if one did.
  [[nodiscard]] sys::unique_fd take_descriptor() { return std::move(descriptor_); }
  [[nodiscard]] bool gone() const { return !host_; }

  /// Sends a record, completing `details`; `worker` -1 is the supervisor. Records of every level are
  /// sent, since the host also learns its pool's state from them; it decides which it logs.
  void write(ipc::log_event event, ipc::log_record details = {}, int worker = -1);

  /// Sends records that wait, as far as there is room.
  void flush();

  /// At the end: waits until all records are sent, or the host is gone.
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
