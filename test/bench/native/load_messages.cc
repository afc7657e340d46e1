// Small messages: one send(2) each, round robin over the connections, then waits until all have been
// read. Each is a line. load_messages port=P connections=C messages=M [size=200] [rate=R, per second] → JSON

#include <vector>

#include "client.h"

int main(int count, char** words) {
  const bench::arguments given(
      count, words,
      {{"port", ""}, {"connections", ""}, {"messages", ""}, {"size", "200"}, {"rate", "0"}, {"timeout", "120"}});
  const std::uint64_t connections = given.number("connections");
  const std::uint64_t messages = given.number("messages");
  std::string message(given.number("size"), 'x');
  message.back() = '\n';
  bench::give_up_after(given.number("timeout", 0));
  std::vector<bench::unique_fd> sockets;
  while (sockets.size() < connections) sockets.push_back(bench::connect(given.port()));

  const std::uint64_t begin = bench::sys::monotonic_ns();
  bench::pacer pace(given.number("rate", 0));
  for (std::uint64_t sent = 0; sent < messages; ++sent) {
    pace.wait();
    bench::send_all(sockets[sent % connections].get(), message);
  }
  const std::string sending = bench::seconds_since(begin, "sendSeconds");
  for (const auto& socket : sockets) bench::half_close(socket.get());
  for (const auto& socket : sockets) bench::await_end(socket.get());
  bench::print(bench::field("bytes", messages * message.size()) + "," + bench::field("units", messages) + "," +
               bench::seconds_since(begin) + "," + sending);
}
