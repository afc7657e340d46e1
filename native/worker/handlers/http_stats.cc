#include "worker/handlers/http_stats.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "ipc/stats_fields.h"

// Names and numbers, none of which needs escaping.
namespace procpool::worker {
namespace {

void number(std::string& text, std::string_view name, std::uint64_t value) {
  text.append(1, '"').append(name).append(R"(":)").append(std::to_string(value));
}

void state(std::string& text, std::string_view name) { text.append(R"("state":")").append(name).append(1, '"'); }

}  // namespace

std::string stats_json(const ipc::pool_page& page) {
  std::array<std::uint64_t, ipc::stats_fields.size()> totals{};
  std::string workers;
  for (std::uint32_t id = 0; id < ipc::max_workers; ++id) {
    const ipc::worker_slot& slot = page.workers[id];
    if (!ipc::was_used(slot)) continue;
    for (std::size_t index = 0; index < totals.size(); ++index) totals[index] += ipc::stats_fields[index].read(slot);
    if (slot.state.get() == static_cast<std::uint64_t>(ipc::worker_state::unused)) continue;
    workers.append(workers.empty() ? "{" : ",{");
    number(workers, "worker", id);
    workers.append(",");
    number(workers, "pid", slot.pid.get());
    workers.append(",");
    state(workers, ipc::name_of_worker_state(slot.state.get()));
    for (std::size_t index = 0; index < totals.size(); ++index) {
      workers.append(",");
      number(workers, ipc::stats_fields[index].name, ipc::stats_fields[index].read(slot));
    }
    workers.append("}");
  }
  std::string text = "{";
  state(text, ipc::name_of_pool_state(page.state.get()));
  text.append(R"(,"total":{)");
  for (std::size_t index = 0; index < totals.size(); ++index) {
    if (index > 0) text.append(",");
    number(text, ipc::stats_fields[index].name, totals[index]);
  }
  return text.append(R"(},"workers":[)").append(workers).append("]}\n");
}

}  // namespace procpool::worker
