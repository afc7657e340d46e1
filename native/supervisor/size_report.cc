#include "supervisor/size_report.h"

#include <utility>

#include "supervisor/records.h"

namespace procpool::supervisor {

void size_report::changed(const worker_table& table) {
  host_.write(ipc::log_event::size, with_count(table.count(phase::ready), table.target()));
  check(table);
}

void size_report::check(const worker_table& table) {
  const std::size_t ready = table.count(phase::ready);
  if (ready >= table.target()) return become(state::listening);
  if (ready == 0 || !table.short_of_workers() || state_ == state::short_of_workers) return;
  host_.write(ipc::log_event::shortage, with_count(ready, table.target()));
  become(state::short_of_workers);
}

void size_report::become(state next) {
  if (std::exchange(state_, next) != state::starting) return;
  page_.state.set(static_cast<std::uint64_t>(ipc::pool_state::running));
  host_.write(ipc::log_event::listening);
}

}  // namespace procpool::supervisor
