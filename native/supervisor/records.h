#pragma once

#include <sys/types.h>

#include <cstdint>

#include "ipc/log_record.h"

/// The details of the supervisor's log records, see ipc/log_record.h for what they mean in each event.
namespace procpool::supervisor {

inline ipc::log_record with_count(std::uint64_t count, std::uint64_t value = 0) {
  ipc::log_record record{};
  record.count = count;
  record.value = static_cast<std::uint32_t>(value);
  return record;
}

inline ipc::log_record with_value(std::uint64_t value) { return with_count(0, value); }

inline ipc::log_record with_error(int error, std::uint64_t value = 0) {
  ipc::log_record record = with_value(value);
  record.error = error;
  return record;
}

/// Of a worker that runs or has ended.
inline ipc::log_record with_pid(pid_t pid, std::uint64_t value = 0) {
  ipc::log_record record = with_value(value);
  record.pid = pid;
  return record;
}

}  // namespace procpool::supervisor
