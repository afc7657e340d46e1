#include "event/poller.h"

#include "sys/sys_error.h"

namespace procpool::event {

poller::poller() : epoll_(sys::check("epoll_create1", sys::epoll_create())) {}

sys::result poller::add(int fd, std::uint32_t events, std::uint64_t tag) {
  return sys::epoll_control(epoll_.get(), EPOLL_CTL_ADD, fd, events, tag);
}

sys::result poller::modify(int fd, std::uint32_t events, std::uint64_t tag) {
  return sys::epoll_control(epoll_.get(), EPOLL_CTL_MOD, fd, events, tag);
}

sys::result poller::remove(int fd) { return sys::epoll_control(epoll_.get(), EPOLL_CTL_DEL, fd, 0, 0); }

std::span<const epoll_event> poller::wait(int timeout_ms) {
  const sys::result count = sys::epoll_wait(epoll_.get(), events_, timeout_ms);
  // What is left is EBADF, EFAULT and EINVAL: a defect of ours, on which going on would spin.
  if (count < 0) throw sys::sys_error("epoll_wait", static_cast<int>(-count));
  return {events_.data(), static_cast<std::size_t>(count)};
}

}  // namespace procpool::event
