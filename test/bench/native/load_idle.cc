// Clients that say nothing: opens the connections, prints {"ready":N}, holds them until stdin ends. A
// process and an address for so many of them, for the sake of descriptors and ports. load_idle port=P connections=N
// [each=15000]

#include <algorithm>
#include <vector>

#include "children.h"
#include "client.h"

namespace {

/// Writes a byte once all are open.
[[noreturn]] void hold(std::uint16_t port, std::uint64_t host, std::uint64_t connections, int ready) {
  bench::check("setrlimit", bench::sys::raise_descriptor_limit());
  std::vector<bench::unique_fd> sockets;
  while (sockets.size() < connections) sockets.push_back(bench::connect(port, host));
  bench::check("write", bench::sys::write(ready, "", 1));
  for (;;) ::pause();
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words,
                               {{"port", ""}, {"connections", ""}, {"each", "15000"}, {"timeout", "120"}});
  const std::uint64_t connections = given.number("connections", 0);
  const std::uint64_t each = given.number("each");
  bench::give_up_after(given.number("timeout", 0));
  bench::children holders;
  std::vector<bench::unique_fd> ready;
  for (std::uint64_t begun = 0; begun < connections; begun += each) {
    int ends[2];
    bench::check("pipe2", bench::sys::pipe(ends, bench::sys::blocking::yes));
    ready.emplace_back(ends[0]);
    const bench::unique_fd done(ends[1]);
    holders.add([&] { hold(given.port(), ready.size(), std::min(each, connections - begun), done.get()); });
  }

  char byte = 0;
  for (const auto& holder : ready) {
    if (bench::check("read", bench::sys::read(holder.get(), &byte, 1)) != 1) return EXIT_FAILURE;  // it said why
  }
  bench::give_up_after(0);
  bench::print(bench::field("ready", connections));
  while (bench::check("read", bench::sys::read(STDIN_FILENO, &byte, 1)) != 0) {
  }
  holders.end();
}
