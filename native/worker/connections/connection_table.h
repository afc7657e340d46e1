#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "worker/connections/connection.h"

namespace procpool::worker {

/// The worker's connections, looked up by descriptor: slots in memory that is given, all zero at first, none of which
/// ever moves; its first bytes say how many have been used. Memory that another worker has left is gone on with. Each
/// counts the connections it has had, so that an event of a former one is told from one of the present. Data only:
/// `clients` owns the descriptors.
template <std::derived_from<connection> Client>
class connection_table {
  struct slot {
    std::uint32_t generation;  // of the connection that is here, or was
    bool open;
    alignas(Client) std::array<std::byte, sizeof(Client)> client;
  };

  struct header {
    alignas(slot) std::uint64_t used;  // slots up to the last that has been open
  };

 public:
  static constexpr std::size_t slot_bytes = sizeof(slot);

  /// As many slots as there is memory for.
  explicit connection_table(std::span<std::byte> memory)
      : used_(reinterpret_cast<header*>(memory.data())->used),
        slots_(reinterpret_cast<slot*>(memory.data() + sizeof(header)), (memory.size() - sizeof(header)) / slot_bytes) {
  }

  /// Throws std::bad_alloc where there is no slot for it.
  Client& open(int fd, const ipc::peer_address& peer) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= slots_.size()) throw std::bad_alloc();
    slot& free = slots_[index];
    Client& client = *std::construct_at(reinterpret_cast<Client*>(&free.client));
    client.fd = fd;
    client.peer = peer;
    client.generation = event::generation(free.generation);
    client.generation.advance();
    free.generation = client.generation.value();
    used_ = std::max<std::uint64_t>(used_, index + 1);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    free.open = true;
    ++count_;
    return client;
  }

  /// After the death of the worker before: its clients are made anew, with the same deadlines and the same state.
  void resume() {
    for (slot& each : slots_.first(used_)) {
      if (!each.open) continue;
      const Client& left = client_of(each);
      const deadline_ticks& deadlines = left;
      const connection_state& state = left;
      // Writes the same values again: it may be interrupted.
      std::construct_at(reinterpret_cast<Client*>(&each.client), deadline_ticks(deadlines), connection_state(state));
      ++count_;
    }
  }

  /// Of a connection that was being closed when the worker before died.
  void forget(int fd) { slots_[static_cast<std::size_t>(fd)].open = false; }

  /// Whatever the client held is freed.
  void close(Client& client) {
    slots_[static_cast<std::size_t>(client.fd)].open = false;
    std::destroy_at(&client);
    --count_;
  }

  /// None: nobody is connected there.
  [[nodiscard]] Client* find(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    return index < used_ && slots_[index].open ? &client_of(slots_[index]) : nullptr;
  }

  /// None: that connection is closed.
  [[nodiscard]] Client* find(std::uint32_t index, event::generation generation) {
    Client* const client = find(static_cast<int>(index));
    return client != nullptr && client->generation == generation ? client : nullptr;
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  /// Slots up to the last that has been open.
  [[nodiscard]] std::size_t used() const { return used_; }

  /// Calls visit(client) for each; the visitor may close the one it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    if (count_ == 0) return;
    for (slot& each : slots_.first(used_)) {
      if (each.open) visit(client_of(each));
    }
  }

 private:
  static Client& client_of(slot& used) { return *std::launder(reinterpret_cast<Client*>(&used.client)); }

  std::uint64_t& used_;
  std::span<slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace procpool::worker
