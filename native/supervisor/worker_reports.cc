#include "supervisor/worker_reports.h"

#include <array>
#include <cerrno>
#include <span>

namespace procpool::supervisor {

void worker_reports::read(int slot) {
  std::array<ipc::worker_report, dispatcher::max_tokens> reports;
  auto count = sys::result{reports.size()};
  while (channels_.is_open(slot) && count == sys::result{reports.size()}) {
    count = channels_.receive(slot, reports);
    if (count == -EAGAIN) return;
    if (count <= 0) {
      connections_.remove(slot);
      connections_.look();
      return channels_.close(slot);
    }
    for (const auto report : std::span(reports).first(static_cast<std::size_t>(count))) on_report(slot, report);
  }
}

void worker_reports::on_report(int slot, ipc::worker_report report) {
  switch (report) {
    case ipc::worker_report::ready:
      return workers_.on_ready(slot);
    case ipc::worker_report::resumed:
      workers_.on_resumed(slot);
      return output_.worker_resumed(slot);
    case ipc::worker_report::standby:
      return workers_.on_standby(slot);
    case ipc::worker_report::no_standby:
      return workers_.on_no_standby(slot);
    case ipc::worker_report::leaving:
      return workers_.on_leaving(slot);
    case ipc::worker_report::accepted:
    case ipc::worker_report::refused:
      return connections_.used(slot);
    case ipc::worker_report::nothing:
      return connections_.unneeded(slot);
    case ipc::worker_report::exhausted:
      return connections_.exhausted(slot);
    case ipc::worker_report::queue_empty:
      return shutdown_.on_queue_empty();
    case ipc::worker_report::reopened:
      return output_.reopened(slot);
    case ipc::worker_report::unopened:
      return output_.not_reopened(slot);
    case ipc::worker_report::output_failed:
      if (output_.mark_broken(output_error(slot))) shutdown_.begin_failed(0);
      return;
  }
}

}  // namespace procpool::supervisor
