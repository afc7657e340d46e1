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
};

// In the order of log_event.
constexpr std::array<event_entry, 30> events{{
    {"start", log_level::info},        {"listening", log_level::info},     {"size", log_level::info},
    {"signal", log_level::info},       {"connect", log_level::debug},      {"close", log_level::debug},
    {"reset", log_level::debug},       {"timeout", log_level::debug},      {"request", log_level::debug},
    {"torn", log_level::warn},         {"mended", log_level::warn},        {"spool", log_level::warn},
    {"refuse", log_level::warn},       {"stall", log_level::debug},        {"resume", log_level::debug},
    {"drain", log_level::info},        {"drained", log_level::debug},      {"expire", log_level::warn},
    {"undelivered", log_level::error}, {"unserved", log_level::error},     {"lost", log_level::error},
    {"kill", log_level::error},        {"exit", log_level::info},          {"respawn", log_level::warn},
    {"shortage", log_level::warn},     {"resize-failed", log_level::warn}, {"give-up", log_level::error},
    {"output", log_level::error},      {"fail", log_level::error},         {"done", log_level::info},
}};
static_assert(events.size() == static_cast<std::size_t>(log_event::done) + 1);

constexpr std::array<const char*, 5> levels{"silent", "error", "warn", "info", "debug"};

}  // namespace

const char* name_of(log_event event) { return events.at(static_cast<std::size_t>(event)).name; }
const char* name_of(log_level level) { return levels.at(static_cast<std::size_t>(level)); }
log_level level_of(log_event event) { return events.at(static_cast<std::size_t>(event)).level; }

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
  record.level = level_of(event);
  record.event = event;
}

}  // namespace procpool::ipc
