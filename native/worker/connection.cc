#include "worker/connection.h"

#include <algorithm>

namespace procpool::worker {

connection& connection_table::open(int fd, const ipc::peer_address& peer) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= connections_.size()) connections_.resize(std::max(index + 1, connections_.size() * 2));
  connections_[index] = {.open = true, .peer = peer};
  ++count_;
  return connections_[index];
}

void connection_table::close(int fd) {
  connections_[static_cast<std::size_t>(fd)].open = false;
  --count_;
}

}  // namespace procpool::worker
