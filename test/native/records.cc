#include <array>
#include <cstring>
#include <span>
#include <stdexcept>

#include "bind.h"
#include "ipc/record_check.h"

namespace procpool::testing {

template <>
constexpr std::array names<ipc::record_sender>{"supervisor", "worker"};

namespace {

Napi::Object layout_of(Napi::Env env) {
  using ipc::log_record;
  Napi::Object object = Napi::Object::New(env);
  object.Set("size", sizeof(log_record));
  object.Set("count", offsetof(log_record, count));
  object.Set("worker", offsetof(log_record, worker));
  object.Set("pid", offsetof(log_record, pid));
  object.Set("error", offsetof(log_record, error));
  object.Set("value", offsetof(log_record, value));
  object.Set("level", offsetof(log_record, level));
  object.Set("event", offsetof(log_record, event));
  object.Set("family", offsetof(log_record, peer.family));
  object.Set("call", offsetof(log_record, call));
  return object;
}

Napi::Array events_of(Napi::Env env) {
  Napi::Array events = Napi::Array::New(env);
  for (std::uint32_t number = 0; number <= static_cast<std::uint32_t>(ipc::log_event::done); ++number) {
    const auto event = static_cast<ipc::log_event>(number);
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", ipc::name_of(event));
    entry.Set("level", static_cast<std::uint32_t>(ipc::level_of(event)));
    events.Set(number, entry);
  }
  return events;
}

bool is_well_formed(std::span<const std::uint8_t> bytes, ipc::record_sender sender) {
  ipc::log_record record{};
  if (bytes.size() != sizeof record) throw std::invalid_argument("no record");
  std::memcpy(&record, bytes.data(), sizeof record);
  return ipc::is_well_formed(record, sender);
}

}  // namespace

void show_records(Napi::Object exports) {
  exports.Set("recordLayout", layout_of(exports.Env()));
  exports.Set("logEvents", events_of(exports.Env()));
  method(exports, "isWellFormed", is_well_formed);
}

}  // namespace procpool::testing
