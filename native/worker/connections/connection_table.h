#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "worker/connections/connection.h"

namespace procpool::worker {

/// The worker's connections, looked up by descriptor. Grows as needed, in blocks, so that none ever
/// moves. Data only: `clients` owns the descriptors.
template <std::derived_from<connection> Client>
class connection_table {
 public:
  Client& open(int fd, const ipc::peer_address& peer) {
    const std::size_t number = block_of(fd);
    if (number >= blocks_.size()) blocks_.resize(number + 1);
    if (!blocks_[number]) blocks_[number] = std::make_unique<block>();
    Client& client = at(fd);
    client.fd = fd;
    client.peer = peer;
    ++count_;
    return client;
  }

  /// The place is as new again: whatever the client held is freed.
  void close(Client& client) {
    std::destroy_at(&client);
    std::construct_at(&client);
    --count_;
  }

  /// None: nobody is connected there.
  [[nodiscard]] Client* find(int fd) {
    const std::size_t number = block_of(fd);
    if (number >= blocks_.size() || !blocks_[number]) return nullptr;
    Client& client = at(fd);
    return client.fd < 0 ? nullptr : &client;
  }

  [[nodiscard]] std::size_t count() const { return count_; }

  /// Calls visit(client) for each; the visitor may close the one it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    for (const auto& one : blocks_) {
      if (!one || count_ == 0) continue;
      for (Client& client : *one) {
        if (client.fd >= 0) visit(client);
      }
    }
  }

 private:
  static constexpr std::size_t block_size = 64;
  using block = std::array<Client, block_size>;

  static std::size_t block_of(int fd) { return static_cast<std::size_t>(fd) / block_size; }
  Client& at(int fd) { return (*blocks_[block_of(fd)])[static_cast<std::size_t>(fd) % block_size]; }

  std::vector<std::unique_ptr<block>> blocks_;
  std::size_t count_ = 0;
};

}  // namespace procpool::worker
