#pragma once

#include <cstddef>
#include <span>

#include "worker/output/staging_buffer.h"

namespace procpool::worker {

/// All that a worker has taken from its clients and not delivered yet, and all that it knows of their connections: a
/// shared mapping of a fixed layout, all zero at first, so that another process can hold it too. The staging buffer
/// comes first, then the slots of the connection table, one for each descriptor that the process may have. Only what is
/// touched takes up memory. Made by the supervisor before the fork; used by the worker, and unmapped with this object.
class worker_memory {
 public:
  /// However many descriptors are allowed.
  static constexpr std::size_t max_connections = 1 << 20;

  /// `slot_bytes`: of one connection. There are fewer slots where the address space is limited, RLIMIT_AS or strict
  /// overcommitment: what a worker cannot keep, it refuses. Throws sys_error.
  explicit worker_memory(std::size_t slot_bytes);
  ~worker_memory();
  worker_memory(const worker_memory&) = delete;
  worker_memory& operator=(const worker_memory&) = delete;

  [[nodiscard]] staging_buffer& staging() const { return *staging_; }
  [[nodiscard]] std::span<std::byte> connections() const { return connections_; }

 private:
  staging_buffer* staging_;
  std::span<std::byte> connections_;
};

}  // namespace procpool::worker
