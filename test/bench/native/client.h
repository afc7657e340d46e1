#pragma once

#include <netinet/tcp.h>

#include <algorithm>

#include "bench.h"

/// What the load generators share: connections to 127.0.0.1, and the pace of what is sent. A wait has no
/// end of its own: see give_up_after.
namespace bench {

inline void wait_for(int fd, short events) {
  std::array<pollfd, 1> waiting{{{fd, events, 0}}};
  check("poll", sys::poll(waiting, -1));
}

/// A non-blocking socket that connects, from 127.0.0.`host`.
inline unique_fd begin_connection(std::uint16_t port, std::uint64_t host = 1) {
  unique_fd socket = own("socket", sys::socket(AF_INET, SOCK_STREAM));
  const sockaddr_in from = loopback(0, host);
  const sockaddr_in to = loopback(port);
  // The port is chosen when it connects: it has to be unique only towards the same server.
  check("setsockopt", sys::set_option(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
  check("setsockopt", sys::set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1));
  check("bind", sys::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from));
  const sys::result begun = sys::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (begun != -EINPROGRESS) check("connect", begun);
  return socket;
}

inline unique_fd connect(std::uint16_t port, std::uint64_t host = 1) {
  unique_fd socket = begin_connection(port, host);
  wait_for(socket.get(), POLLOUT);
  int error = 0;
  check("getsockopt", sys::option(socket.get(), SOL_SOCKET, SO_ERROR, &error, sizeof error));
  check("connect", -error);
  return socket;
}

inline void send_all(int socket, std::string_view data) {
  while (!data.empty()) {
    const sys::result sent = sys::send(socket, data.data(), data.size());
    if (sent == -EAGAIN) {
      wait_for(socket, POLLOUT);
    } else {
      data.remove_prefix(static_cast<std::size_t>(check("send", sent)));
    }
  }
}

inline void half_close(int socket) { check("shutdown", sys::shut_down(socket, SHUT_WR)); }

/// Waits until the other side has closed too: it has read everything then.
inline void await_end(int socket) {
  std::array<char, 4096> ignored{};
  for (;;) {
    wait_for(socket, POLLIN);
    const sys::result received = sys::receive(socket, ignored.data(), ignored.size());
    if (received == 0) return;
    if (received != -EAGAIN) check("recv", received);
  }
}

/// Spreads what is sent evenly over time. Who is late catches up: a millisecond's worth at once, the rest
/// at twice the pace.
class pacer {
 public:
  /// Per second; 0 is as fast as it goes.
  explicit pacer(std::uint64_t rate)
      : gap_ns_(rate == 0 ? 0 : static_cast<double>(second_ns) / static_cast<double>(rate)) {}

  void wait() {
    if (gap_ns_ == 0) return;
    constexpr double burst_ns = 1e6;
    const auto now = static_cast<double>(sys::monotonic_ns());
    due_ns_ += gap_ns_;
    earliest_ns_ = std::max(earliest_ns_ + gap_ns_ / 2, now - burst_ns / 2);
    const double next = std::max(due_ns_, earliest_ns_);
    if (next > now) sleep_until(static_cast<std::uint64_t>(next));
  }

 private:
  double gap_ns_;
  double due_ns_ = static_cast<double>(sys::monotonic_ns());
  double earliest_ns_ = 0;
};

}  // namespace bench
