#include "supervisor/pool_output.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ipc/stats_page.h"
#include "supervisor/backoff.h"
#include "supervisor/records.h"
#include "sys/sys_error.h"

namespace procpool::supervisor {

pool_output::pool_output(event::poller& poller, control& host, worker_channels& channels)
    : poller_(poller), host_(host), channels_(channels), reopening_(ipc::max_workers) {}

void pool_output::watch() {
  // Without events only EPOLLERR and EPOLLHUP are reported. A file cannot be watched: EPERM.
  const sys::result watched = poller_.add(STDOUT_FILENO, 0, event_tag{event_kind::output}.pack());
  if (watched < 0 && watched != -EPERM) sys::check("epoll_ctl", watched);
}

bool pool_output::mark_broken(int error) {
  if (std::exchange(broken_, true)) return false;
  // Otherwise the poller would report it in every round, until the last worker has ended.
  [[maybe_unused]] const sys::result removed = poller_.remove(STDOUT_FILENO);
  host_.write(ipc::log_event::output, with_error(error));
  return true;
}

void pool_output::reopen(std::uint32_t number, const sys::unique_fd& output, std::span<const int> workers) {
  // Workers that are forked from now on inherit it.
  const sys::result replaced = output ? sys::replace(output.get(), STDOUT_FILENO) : -EMFILE;
  if (replaced < 0) {
    host_.write(ipc::log_event::reopen_failed, with_error(static_cast<int>(-replaced), number));
    return;
  }
  reopening_.begin(number, workers);
  on_time(sys::monotonic_ms());
}

void pool_output::reopened(int slot) {
  reopening_.switched(slot);
  on_time(sys::monotonic_ms());
}

void pool_output::not_reopened(int slot) { reopening_.postpone(slot, sys::monotonic_ms() + backoff::shortage_ms); }

void pool_output::worker_ended(int slot) {
  reopening_.ended(slot);
  on_time(sys::monotonic_ms());
}

void pool_output::worker_resumed(int slot) {
  reopening_.postpone(slot, 0);
  on_time(sys::monotonic_ms());
}

void pool_output::on_time(std::uint64_t now_ms) {
  while (const auto slot = reopening_.next(now_ms)) {
    const sys::result sent = channels_.order_reopen(*slot, STDOUT_FILENO);
    // A worker whose channel has ended is about to end.
    if (sent > 0 || sent == -EPIPE || sent == -ECONNRESET) {
      reopening_.told(*slot);
    } else {
      reopening_.postpone(*slot, now_ms + backoff::shortage_ms);
    }
  }
  if (const auto number = reopening_.finished()) host_.write(ipc::log_event::reopened, with_value(*number));
}

}  // namespace procpool::supervisor
