#pragma once

#include "bench.h"

/// What the baselines share: a listener, and one level-triggered epoll without timers, counters or a log.
namespace bench {

constexpr std::size_t stage_bytes = 256UL * 1024UL;

inline unique_fd listen(std::uint16_t port, int backlog, bool shared = false) {
  unique_fd socket = own("socket", sys::socket(AF_INET, SOCK_STREAM));
  check("setsockopt", sys::set_option(socket.get(), SOL_SOCKET, shared ? SO_REUSEPORT : SO_REUSEADDR, 1));
  const sockaddr_in address = loopback(port);
  check("bind", sys::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  check("listen", sys::listen(socket.get(), backlog));
  return socket;
}

inline void say_ready() { check("write", sys::write(STDERR_FILENO, "ready\n", 6)); }

/// What a read gave: bytes, -EAGAIN for nothing, or 0 for the end, be it a reset.
inline sys::result taken(const char* call, sys::result value) {
  if (value == -ECONNRESET) return 0;
  return value == -EAGAIN ? value : check(call, value);
}

inline void write_all(const char* data, std::size_t size) {
  while (size > 0) {
    const auto written = static_cast<std::size_t>(check("write", sys::write(STDOUT_FILENO, data, size)));
    data += written;
    size -= written;
  }
}

/// Accepts as they come and gives each readable connection to `move`, which says whether it goes on.
template <typename Move>
[[noreturn]] void serve(const unique_fd& listener, Move move) {
  const unique_fd epoll = own("epoll_create1", sys::epoll_create());
  const auto watch = [&epoll](int fd) {
    check("epoll_ctl", sys::epoll_control(epoll.get(), EPOLL_CTL_ADD, fd, EPOLLIN, static_cast<std::uint64_t>(fd)));
  };
  const auto accept_all = [&listener, &watch] {
    for (;;) {
      const sys::result connection = sys::accept(listener.get(), nullptr, nullptr);
      if (connection == -EAGAIN) return;
      if (connection == -ECONNABORTED) continue;
      watch(static_cast<int>(check("accept4", connection)));
    }
  };

  watch(listener.get());
  std::array<epoll_event, 256> events{};
  for (;;) {
    const auto count = static_cast<std::size_t>(check("epoll_wait", sys::epoll_wait(epoll.get(), events, -1)));
    for (const epoll_event& event : std::span(events).first(count)) {
      const auto fd = static_cast<int>(event.data.u64);
      if (fd == listener.get()) {
        accept_all();
      } else if (!move(fd)) {
        sys::close(fd);
      }
    }
  }
}

}  // namespace bench
