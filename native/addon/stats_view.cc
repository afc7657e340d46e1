#include "addon/stats_view.h"

#include <array>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::addon {
namespace {

constexpr std::array<const char*, 6> worker_states{"unused", "starting", "ready", "draining", "retiring", "waiting"};
constexpr std::array<const char*, 4> pool_states{"starting", "running", "draining", "ended"};

// In the order of ipc::timeout_reason.
constexpr std::array<const char*, ipc::timeout_reasons> timeouts{"idleTimeouts", "firstByteTimeouts", "requestTimeouts",
                                                                 "maxAgeTimeouts"};

// The page is shared memory: a name for whatever it holds.
template <std::size_t N>
const char* name_in(const std::array<const char*, N>& names, std::uint64_t index) {
  return index < N ? names[index] : "unknown";
}

std::uint64_t stalled_ns(const ipc::worker_slot& slot) {
  const std::uint64_t since = slot.stalled_since_ns.get();
  const std::uint64_t now = sys::monotonic_ns();
  return slot.stalled_ns.get() + (since != 0 && now > since ? now - since : 0);
}

Napi::Object to_js(Napi::Env env, const ipc::worker_slot& slot) {
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&object](const char* name, std::uint64_t value) { object.Set(name, static_cast<double>(value)); };
  object.Set("state", name_in(worker_states, slot.state.get()));
  // Read in this order, a connection that comes and goes meanwhile cannot make `active` negative.
  const std::uint64_t closed = slot.closed.get();
  const std::uint64_t accepted = slot.accepted.get();
  set("pid", slot.pid.get());
  set("accepted", accepted);
  set("active", accepted > closed ? accepted - closed : 0);
  set("closed", closed);
  set("refused", slot.refused.get());
  set("errors", slot.errors.get());
  for (std::size_t reason = 0; reason < timeouts.size(); ++reason) set(timeouts[reason], slot.timeouts[reason].get());
  set("bytesIn", slot.bytes_in.get());
  set("bytesOut", slot.bytes_out.get());
  set("bytesDiscarded", slot.bytes_discarded.get());
  set("bytesDropped", slot.bytes_dropped.get());
  set("bytesUnread", slot.bytes_unread.get());
  set("bytesLate", slot.bytes_late.get());
  set("restarts", slot.restarts.get());
  set("logDropped", slot.log_dropped.get());
  object.Set("stalledMs", static_cast<double>(stalled_ns(slot)) / 1e6);
  return object;
}

bool was_used(const ipc::worker_slot& slot) {
  return slot.state.get() != 0 || slot.accepted.get() != 0 || slot.restarts.get() != 0 || slot.pid.get() != 0;
}

}  // namespace

Napi::Object to_js(Napi::Env env, const ipc::pool_page& page) {
  Napi::Array workers = Napi::Array::New(env);
  for (std::uint32_t id = 0, count = 0; id < ipc::max_workers; ++id) {
    if (!was_used(page.workers[id])) continue;
    Napi::Object worker = to_js(env, page.workers[id]);
    worker.Set("worker", id);
    workers.Set(count++, worker);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("state", name_in(pool_states, page.state.get()));
  object.Set("logDropped", static_cast<double>(page.log_dropped.get()));
  object.Set("workers", workers);
  return object;
}

}  // namespace procpool::addon
