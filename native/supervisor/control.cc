#include "supervisor/control.h"

#include <array>
#include <cerrno>
#include <utility>

#include "sys/sys_error.h"

namespace procpool::supervisor {

control::control(ipc::channel host, ipc::counter& dropped) : host_(std::move(host)), dropped_(dropped) {}

void control::watch(event::poller& poller, std::uint64_t tag) {
  poller_ = &poller;
  tag_ = tag;
  sys::check("epoll_ctl", poller.add(host_.fd(), EPOLLIN, tag));
}

std::optional<ipc::control_order> control::next() {
  if (!host_) return std::nullopt;
  ipc::control_order order{};
  descriptor_.reset();
  const sys::result received = host_.receive(order, descriptor_);
  if (received == sizeof order) return order;
  if (received != -EAGAIN) host_.close();
  return std::nullopt;
}

void control::write(ipc::log_event event, ipc::log_record details, int worker) {
  if (!host_) return;
  ipc::complete(details, event, worker);
  if (waiting_.size() >= max_waiting) {
    dropped_.add(1);
    return;
  }
  waiting_.push_back(details);
  flush();
}

void control::flush() {
  while (host_ && !waiting_.empty()) {
    const sys::result sent = host_.send(waiting_.front());
    if (sent == -EAGAIN) return watch_for_room(true);
    if (sent < 0) dropped_.add(1);  // where the host is gone next() finds that
    waiting_.pop_front();
  }
  watch_for_room(false);
}

void control::deliver_all() {
  std::array<pollfd, 1> room{{{host_.fd(), POLLOUT, 0}}};
  while (flush(), host_ && !waiting_.empty()) sys::check("poll", sys::poll(room, -1));
}

void control::watch_for_room(bool wanted) {
  if (!host_ || poller_ == nullptr || wanted == watched_for_room_) return;
  watched_for_room_ = wanted;
  sys::check("epoll_ctl", poller_->modify(host_.fd(), wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, tag_));
}

}  // namespace procpool::supervisor
