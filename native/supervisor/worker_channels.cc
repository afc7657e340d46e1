#include "supervisor/worker_channels.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "ipc/stats_page.h"
#include "supervisor/dispatcher.h"
#include "sys/sys_error.h"

namespace procpool::supervisor {

worker_channels::worker_channels(event::poller& poller) : poller_(poller), entries_(ipc::max_workers) {}

void worker_channels::open(int slot, ipc::channel end) {
  entry& worker = at(slot);
  worker.generation.advance();
  const event_tag tag{event_kind::worker, static_cast<std::uint32_t>(slot), worker.generation};
  sys::check("epoll_ctl", poller_.add(end.fd(), EPOLLIN, tag.pack()));
  worker.end = std::move(end);
}

void worker_channels::close(int slot) {
  ipc::channel& end = at(slot).end;
  if (!end) return;
  // What is watched can be taken out.
  [[maybe_unused]] const sys::result removed = poller_.remove(end.fd());
  end.close();
}

bool worker_channels::is_current(const event_tag& tag) const {
  const entry& worker = at(static_cast<int>(tag.index));
  return worker.end && worker.generation == tag.generation;
}

bool worker_channels::order(int slot, ipc::worker_order order, std::size_t count) {
  ipc::channel& end = at(slot).end;
  std::array<ipc::worker_order, dispatcher::max_tokens> orders;
  std::fill_n(orders.begin(), count, order);
  return end && end.send_bytes(orders.data(), count) == static_cast<sys::result>(count);
}

sys::result worker_channels::order_reopen(int slot, int output) {
  ipc::channel& end = at(slot).end;
  return end ? end.send(ipc::worker_order::reopen, output) : -EPIPE;
}

sys::result worker_channels::receive(int slot, std::span<ipc::worker_report> reports) {
  return at(slot).end.receive_bytes(reports.data(), reports.size());
}

}  // namespace procpool::supervisor
