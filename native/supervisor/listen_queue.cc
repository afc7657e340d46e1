#include "supervisor/listen_queue.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <utility>

#include "supervisor/event_kind.h"
#include "sys/sys_error.h"

namespace procpool::supervisor {

listen_queue::listen_queue(sys::unique_fd listener, bool unix_socket, event::poller& poller)
    : listener_(std::move(listener)), unix_socket_(unix_socket), poller_(poller) {
  sys::check("epoll_ctl", poller_.add(listener_.get(), EPOLLIN | EPOLLONESHOT, event_tag{event_kind::listener}.pack()));
}

void listen_queue::arm() {
  if (!watched_) return;
  sys::check("epoll_ctl",
             poller_.modify(listener_.get(), EPOLLIN | EPOLLONESHOT, event_tag{event_kind::listener}.pack()));
}

std::size_t listen_queue::length() const {
  if (!listener_) return 0;
  tcp_info info{};
  if (!unix_socket_ && sys::option(listener_.get(), IPPROTO_TCP, TCP_INFO, &info, sizeof info) == 0) {
    return info.tcpi_unacked;
  }
  std::array<pollfd, 1> waiting{{{listener_.get(), POLLIN, 0}}};
  return sys::poll(waiting, 0) > 0 ? 1 : 0;
}

void listen_queue::ignore() {
  // What is watched can be taken out.
  if (std::exchange(watched_, false)) [[maybe_unused]]
    const sys::result removed = poller_.remove(listener_.get());
}

void listen_queue::close() {
  // The workers share it, so that closing alone would not stop its events.
  ignore();
  listener_.reset();
}

}  // namespace procpool::supervisor
