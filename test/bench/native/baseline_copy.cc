// The least that moving bytes from sockets to stdout costs where they are copied: one process, one
// recv(2) and one write(2). SIGTERM ends it. baseline_copy port=P [connections=N, that may wait]

#include <vector>

#include "baseline.h"

int main(int count, char** words) {
  const bench::arguments given(count, words, {{"port", ""}, {"connections", "4096"}});
  std::vector<char> buffer(bench::stage_bytes);
  const bench::unique_fd listener = bench::listen(given.port(), given.number<int>("connections"));
  bench::say_ready();

  bench::serve(listener, [&buffer](int connection) {
    const bench::sys::result received =
        bench::taken("recv", bench::sys::receive(connection, buffer.data(), buffer.size()));
    if (received > 0) bench::write_all(buffer.data(), static_cast<std::size_t>(received));
    return received != 0;
  });
}
