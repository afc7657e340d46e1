#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "ipc/channel.h"
#include "ipc/message.h"
#include "sys/unique_fd.h"

namespace procpool::worker {

/// The worker's end of its channel to the supervisor: orders in, reports out. A byte is a message, either way. Worker;
/// owns its end.
class supervisor_link {
 public:
  explicit supervisor_link(ipc::channel end) : end_(std::move(end)) {}

  [[nodiscard]] int fd() const { return end_.fd(); }

  struct received {
    std::span<const ipc::worker_order> orders;  // valid until the next call
    sys::unique_fd output;                      // that came with a `reopen`; none: there was no descriptor free for it
    bool ended = false;                         // there is no supervisor any more; the link is closed
  };
  /// What has come.
  received receive();

  /// To be sent with send().
  void report(ipc::worker_report sent);
  /// The reports since the last time, in one message.
  void send();

 private:
  ipc::channel end_;
  std::array<ipc::worker_order, 16> orders_;
  std::array<ipc::worker_report, 32> reports_;
  std::size_t reported_ = 0;
};

}  // namespace procpool::worker
