#include "ipc/log_record.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "sys/syscalls.h"

namespace procpool::ipc {
namespace {

struct event_entry {
  const char* name;
  log_level level;
  bool from_worker = true;
};

// Only the supervisor may tell the host of these: the host believes it.
constexpr bool supervisor_only = false;

// In the order of log_event.
constexpr std::array<event_entry, 37> events{{
    {"start", log_level::debug, supervisor_only},
    {"listening", log_level::info, supervisor_only},
    {"size", log_level::debug, supervisor_only},
    {"signal", log_level::info},
    {"connect", log_level::debug},
    {"close", log_level::debug},
    {"reset", log_level::debug},
    {"timeout", log_level::debug},
    {"request", log_level::debug},
    {"torn", log_level::warn},
    {"mended", log_level::warn},
    {"spool", log_level::warn},
    {"refuse", log_level::warn},
    {"stall", log_level::debug},
    {"resume", log_level::debug},
    {"drain", log_level::info, supervisor_only},
    {"drained", log_level::debug},
    {"expire", log_level::warn, supervisor_only},
    {"undelivered", log_level::error, supervisor_only},
    {"unserved", log_level::error, supervisor_only},
    {"lost", log_level::error, supervisor_only},
    {"hang", log_level::warn, supervisor_only},
    {"kill", log_level::error, supervisor_only},
    {"exit", log_level::warn, supervisor_only},
    {"respawn", log_level::warn, supervisor_only},
    {"takeover", log_level::info, supervisor_only},
    {"no-standby", log_level::warn, supervisor_only},
    {"recycled", log_level::info, supervisor_only},
    {"poison", log_level::warn},
    {"shortage", log_level::warn, supervisor_only},
    {"resize-failed", log_level::warn, supervisor_only},
    {"give-up", log_level::error, supervisor_only},
    {"reopened", log_level::info, supervisor_only},
    {"reopen-failed", log_level::error, supervisor_only},
    {"output", log_level::error, supervisor_only},
    {"fail", log_level::error},
    {"done", log_level::info, supervisor_only},
}};
static_assert(events.size() == static_cast<std::size_t>(log_event::done) + 1);

constexpr std::array<const char*, 5> levels{"silent", "error", "warn", "info", "debug"};

}  // namespace

const char* name_of(log_event event) { return events.at(static_cast<std::size_t>(event)).name; }
const char* name_of(log_level level) { return levels.at(static_cast<std::size_t>(level)); }
log_level level_of(log_event event) { return events.at(static_cast<std::size_t>(event)).level; }
log_level level_of(const log_record& record) {
  const bool in_order = record.event == log_event::exit && record.value == 0;
  return in_order ? log_level::debug : level_of(record.event);
}
bool may_come_from_worker(log_event event) { return events.at(static_cast<std::size_t>(event)).from_worker; }

log_record describe(const sys::sys_error& failure) {
  log_record record{};
  record.error = failure.number();
  std::strncpy(record.call, failure.call(), sizeof record.call - 1);
  return record;
}

void complete(log_record& record, log_event event, int worker) {
  record.time_ns = sys::wall_ns();
  record.worker = worker;
  if (record.pid == 0) record.pid = sys::process_id();
  record.event = event;
  record.level = level_of(record);
}

}  // namespace procpool::ipc
