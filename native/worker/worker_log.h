#pragma once

#include "ipc/channel.h"
#include "ipc/log_record.h"
#include "ipc/stats_page.h"

namespace procpool::worker {

/// The worker's end of the log channel. Never delays the data path: a record that finds the channel
/// full is dropped and counted. Worker; owns its end.
class worker_log {
 public:
  worker_log(ipc::channel end, ipc::log_level level, int worker, ipc::counter& dropped);

  [[nodiscard]] bool wants(ipc::log_event event) const { return ipc::level_of(event) <= level_; }

  [[nodiscard]] int fd() const { return end_.fd(); }

  void write(ipc::log_event event) { write(event, {}); }
  /// Completes `details` with what every record has, and sends it.
  void write(ipc::log_event event, ipc::log_record details);

  /// A system call without which there is no worker. Sent at every level: the host's error quotes it.
  void fail(const sys::sys_error& failure);

 private:
  void send(const ipc::log_record& record);

  ipc::channel end_;
  ipc::log_level level_;
  int worker_;
  ipc::counter& dropped_;
};

}  // namespace procpool::worker
