#include "ipc/record_check.h"

#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ipc/stats_page.h"

namespace procpool::ipc {
namespace {

// The kernel's MAX_ERRNO: include/linux/err.h.
constexpr std::int32_t max_errno = 4095;

bool value_fits(const log_record& record) {
  switch (record.event) {
    case log_event::timeout:
      return record.value < timeout_reasons;
    case log_event::request:
      return record.value >= 100 && record.value <= 599;
    case log_event::signal:
      return record.value > 0 && record.value < NSIG;
    default:
      return true;
  }
}

bool is_family(std::uint16_t family) { return family == 0 || family == AF_INET || family == AF_INET6; }

bool is_printable(char character) { return character >= ' ' && character <= '~'; }

template <std::size_t Size>
bool is_text(const char (&text)[Size]) {
  const auto* const end = std::find(std::begin(text), std::end(text), '\0');
  return end != std::end(text) && std::all_of(std::begin(text), end, is_printable);
}

}  // namespace

bool is_well_formed(const log_record& record, record_sender sender) {
  if (record.event > log_event::done || record.level != level_of(record)) return false;
  const bool by_worker = sender == record_sender::worker;
  if (by_worker && !may_come_from_worker(record.event)) return false;
  return record.worker >= (by_worker ? 0 : -1) && record.worker < static_cast<std::int32_t>(max_workers) &&
         record.pid > 0 && record.error >= 0 && record.error <= max_errno && value_fits(record) &&
         is_family(record.peer.family) && is_text(record.call) && is_text(record.why);
}

}  // namespace procpool::ipc
