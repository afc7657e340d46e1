#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipc/log_record.h"

namespace procpool::worker {

/// One client, as long as it is connected. Its descriptor is its index in the table.
struct connection {
  bool open = false;
  bool behind = false;   // draining: what had arrived when the stop came is not all read
  bool sending = false;  // draining: something came since the stop
  ipc::peer_address peer{};
  std::uint64_t received = 0;  // bytes
  // While the worker drains, see drain.h:
  std::uint64_t owed = 0;          // what `received` must reach
  std::uint64_t caught_up_ms = 0;  // when it did
  std::uint64_t last_data_ms = 0;  // when something last came
};

/// The worker's connections, looked up by descriptor; grows as needed. Data only: the worker's loop
/// owns the descriptors.
class connection_table {
 public:
  connection& open(int fd, const ipc::peer_address& peer);
  void close(int fd);

  [[nodiscard]] connection& at(int fd) { return connections_[static_cast<std::size_t>(fd)]; }
  [[nodiscard]] bool contains(int fd) const {
    return static_cast<std::size_t>(fd) < connections_.size() && connections_[static_cast<std::size_t>(fd)].open;
  }
  [[nodiscard]] std::size_t count() const { return count_; }

  /// Calls visit(fd, connection) for each; the visitor may close the one it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    for (std::size_t fd = 0; fd < connections_.size() && count_ > 0; ++fd) {
      if (connections_[fd].open) visit(static_cast<int>(fd), connections_[fd]);
    }
  }

 private:
  std::vector<connection> connections_;
  std::size_t count_ = 0;
};

}  // namespace procpool::worker
