#include "worker/worker_memory.h"

#include <algorithm>
#include <cerrno>

#include "sys/sys_error.h"
#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t record_offset = (sizeof(worker_state) + cache_line - 1) / cache_line * cache_line;

// So many connections are worth a worker.
constexpr std::size_t min_connections = 64;

}  // namespace

worker_memory::worker_memory(std::size_t record_bytes, std::size_t slot_bytes) {
  const auto descriptors = static_cast<std::size_t>(sys::check("getrlimit", sys::descriptor_limit()));
  const std::size_t table_offset = record_offset + record_bytes;
  // One more: the table begins with a header.
  std::size_t slots = std::min(descriptors, max_connections) + 1;
  void* address = nullptr;
  sys::result mapped = sys::map_memory(table_offset + slots * slot_bytes, address);
  while (mapped == -ENOMEM && slots > min_connections) {
    slots /= 2;
    mapped = sys::map_memory(table_offset + slots * slot_bytes, address);
  }
  sys::check("mmap", mapped);
  auto* const bytes = static_cast<std::byte*>(address);
  state_ = reinterpret_cast<worker_state*>(bytes);
  long_record_ = {reinterpret_cast<char*>(bytes + record_offset), record_bytes};
  connections_ = {bytes + table_offset, slots * slot_bytes};
}

worker_memory::~worker_memory() { sys::unmap(state_, record_offset + long_record_.size() + connections_.size()); }

}  // namespace procpool::worker
