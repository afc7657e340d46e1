// The least that moving bytes from sockets to stdout without copying them costs: one process and one
// pipe, one splice(2) in and one out. SIGTERM ends it. baseline_splice port=P [connections=N, that may wait]

#include <fcntl.h>

#include "baseline.h"

int main(int count, char** words) {
  const bench::arguments given(count, words, {{"port", ""}, {"connections", "4096"}});
  int ends[2];
  bench::check("pipe2", bench::sys::pipe(ends, bench::sys::blocking::yes));
  const bench::unique_fd pipe_out(ends[0]);
  const bench::unique_fd pipe_in(ends[1]);
  bench::check("fcntl", bench::sys::set_pipe_size(pipe_in.get(), bench::stage_bytes));
  const bench::unique_fd listener = bench::listen(given.port(), given.number<int>("connections"));
  bench::say_ready();

  bench::serve(listener, [&pipe_out, &pipe_in](int connection) {
    bench::sys::result left = bench::taken("splice", bench::sys::splice(connection, pipe_in.get(), bench::stage_bytes));
    if (left == 0) return false;
    while (left > 0) {
      // Waits where stdout takes no more, as neither the one in native/sys nor a non-blocking pipe does.
      left -= bench::check("splice", bench::outcome(::splice(pipe_out.get(), nullptr, STDOUT_FILENO, nullptr,
                                                             static_cast<std::size_t>(left), SPLICE_F_MOVE)));
    }
    return true;
  });
}
