#include "addon/stats_view.h"

#include <string>

#include "ipc/stats_fields.h"

namespace procpool::addon {
namespace {

Napi::Object to_js(Napi::Env env, const ipc::worker_slot& slot, std::uint32_t id) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("worker", id);
  object.Set("pid", static_cast<double>(slot.pid.get()));
  object.Set("state", std::string(ipc::name_of_worker_state(slot.state.get())));
  for (const auto& [name, read] : ipc::stats_fields) object.Set(name, static_cast<double>(read(slot)));
  return object;
}

}  // namespace

Napi::Object to_js(Napi::Env env, const ipc::pool_page& page, std::uint64_t malformed_records) {
  Napi::Array workers = Napi::Array::New(env);
  for (std::uint32_t id = 0, count = 0; id < ipc::max_workers; ++id) {
    if (ipc::was_used(page.workers[id])) workers.Set(count++, to_js(env, page.workers[id], id));
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("state", std::string(ipc::name_of_pool_state(page.state.get())));
  object.Set("logDropped", static_cast<double>(page.log_dropped.get() + malformed_records));
  object.Set("workers", workers);
  return object;
}

}  // namespace procpool::addon
