// The least that many short connections cost: pre-forked workers, each with a listening socket of its
// own among which the kernel chooses (SO_REUSEPORT). SIGTERM ends all. baseline_accept port=P [workers=2]

#include <vector>

#include "baseline.h"
#include "children.h"

namespace {

[[noreturn]] void work(const bench::unique_fd& listener) {
  std::vector<char> buffer(bench::stage_bytes);
  bench::serve(listener, [&buffer](int connection) {
    for (;;) {
      const bench::sys::result received =
          bench::taken("recv", bench::sys::receive(connection, buffer.data(), buffer.size()));
      if (received <= 0) return received != 0;
      bench::write_all(buffer.data(), static_cast<std::size_t>(received));
    }
  });
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words, {{"port", ""}, {"workers", "2"}, {"backlog", "4096"}});
  std::vector<bench::unique_fd> listeners;
  for (std::uint64_t worker = 0; worker < given.number("workers"); ++worker) {
    listeners.push_back(bench::listen(given.port(), given.number<int>("backlog"), true));
  }

  bench::sys::block_signals();  // they wait for sigwait
  bench::children workers;
  for (bench::unique_fd& listener : listeners) {
    workers.add([&listeners, &listener] {
      const bench::unique_fd mine = std::move(listener);
      listeners.clear();  // the others': what the kernel gives to them is theirs to accept
      work(mine);
    });
  }
  listeners.clear();
  bench::say_ready();

  sigset_t wait_condition;
  int signal = 0;
  bench::check("sigemptyset", bench::outcome(::sigemptyset(&wait_condition)));
  bench::check("sigaddset", bench::outcome(::sigaddset(&wait_condition, SIGTERM)));
  bench::check("sigaddset", bench::outcome(::sigaddset(&wait_condition, SIGCHLD)));
  bench::check("sigwait", -::sigwait(&wait_condition, &signal));
  if (signal == SIGCHLD) bench::fail("a worker has ended");
  workers.end();
}
