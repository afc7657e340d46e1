// Short connections, some at a time: connect, send, half-close, wait for the end, close. From eight
// addresses in turn, so that ports suffice. load_connects port=P [connections=40000] [inflight=64] [bytes=16] → JSON

#include <algorithm>
#include <vector>

#include "client.h"

namespace {

constexpr std::uint64_t addresses = 8;

struct client {
  bench::unique_fd socket;
  bool sent = false;
};

/// Goes as far as it can without waiting; true once the other side has closed.
bool advance(client& connecting, const std::string& data) {
  if (!connecting.sent) {
    const bench::sys::result sent = bench::sys::send(connecting.socket.get(), data.data(), data.size());
    if (sent == -EAGAIN) return false;  // not connected yet
    if (bench::check("send", sent) != static_cast<long>(data.size())) bench::fail("a short send");
    connecting.sent = true;
    bench::half_close(connecting.socket.get());
  }
  char ignored = 0;
  const bench::sys::result received = bench::sys::receive(connecting.socket.get(), &ignored, 1);
  if (received == -EAGAIN) return false;
  if (bench::check("recv", received) != 0) bench::fail("the server has answered");
  return true;
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(
      count, words, {{"port", ""}, {"connections", "40000"}, {"inflight", "64"}, {"bytes", "16"}, {"timeout", "120"}});
  const std::uint16_t port = given.port();
  const std::uint64_t connections = given.number("connections");
  std::string data(given.number("bytes"), 'x');
  data.back() = '\n';
  bench::give_up_after(given.number("timeout", 0));
  std::vector<client> clients(std::min(given.number("inflight"), connections));
  const bench::unique_fd epoll = bench::own("epoll_create1", bench::sys::epoll_create());

  const std::uint64_t begin = bench::sys::monotonic_ns();
  std::uint64_t begun = 0;
  // Edge-triggered, both directions at once: one epoll_ctl per connection.
  const auto start = [&](std::size_t slot) {
    client& connecting = clients[slot];
    connecting = {bench::begin_connection(port, 1 + begun++ % addresses)};
    bench::check("epoll_ctl", bench::sys::epoll_control(epoll.get(), EPOLL_CTL_ADD, connecting.socket.get(),
                                                        EPOLLIN | EPOLLOUT | EPOLLET, slot));
  };

  for (std::size_t slot = 0; slot < clients.size(); ++slot) start(slot);
  std::array<epoll_event, 64> events{};
  for (std::uint64_t ended = 0; ended < connections;) {
    const auto ready = bench::check("epoll_wait", bench::sys::epoll_wait(epoll.get(), events, -1));
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(ready))) {
      client& connecting = clients[event.data.u64];
      if (!advance(connecting, data)) continue;
      connecting.socket.reset();
      ++ended;
      if (begun < connections) start(event.data.u64);
    }
  }
  bench::print(bench::field("bytes", connections * data.size()) + "," + bench::field("units", connections) + "," +
               bench::seconds_since(begin));
}
