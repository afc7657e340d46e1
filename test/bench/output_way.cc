// Moves bytes from a loopback connection to stdout in one way, as a worker does, and prints what that
// cost: output_way splice|copy BYTES → {"cpuMs": …, "wallMs": …} on stderr. For output_ways.ts.

#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sys/sys_error.h"
#include "sys/unique_fd.h"
#include "worker/output/output.h"

using namespace procpool;

namespace {

std::pair<sys::unique_fd, sys::unique_fd> loopback_connection() {
  const sys::unique_fd listener(sys::check("socket", sys::socket(AF_INET, SOCK_STREAM)));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  sys::check("bind", sys::bind(listener.get(), generic, length));
  sys::check("listen", sys::listen(listener.get(), 1));
  sys::check("getsockname", sys::local_address(listener.get(), generic, &length));
  sys::unique_fd client(::socket(AF_INET, SOCK_STREAM, 0));
  sys::check("connect", sys::connect(client.get(), generic, length));
  sys::unique_fd server(sys::check("accept", sys::accept(listener.get(), nullptr, nullptr)));
  return {std::move(client), std::move(server)};
}

[[noreturn]] void send_all(int socket, std::size_t bytes) {
  const std::vector<char> block(1U << 20U, 'x');
  while (bytes > 0) {
    const sys::result sent = sys::write(socket, block.data(), std::min(bytes, block.size()));
    if (sent < 0) std::_Exit(EXIT_FAILURE);
    bytes -= static_cast<std::size_t>(sent);
  }
  std::_Exit(EXIT_SUCCESS);
}

void wait_for(int fd, short events) {
  std::array<pollfd, 1> waiting{{{fd, events, 0}}};
  sys::check("poll", sys::poll(waiting, -1));
}

std::uint64_t move_all(worker::output& out, int connection) {
  std::uint64_t delivered = 0;
  std::uint64_t received = 0;
  int error = 0;
  for (;;) {
    const sys::result moved = out.splice_from({connection, received, error});
    if (moved == 0) return delivered;
    if (moved == -EAGAIN) {
      wait_for(connection, POLLIN);
      continue;
    }
    sys::check("splice", moved);
    while (const sys::result flushed = out.flush(delivered)) {
      if (flushed != -EAGAIN) sys::check("flush", flushed);
      wait_for(out.waits_for().fd, POLLOUT);
    }
  }
}

double cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const auto way = std::strcmp(arguments[1], "splice") == 0 ? worker::output_way::splice : worker::output_way::copy;
  const std::size_t bytes = std::stoull(arguments[2]);
  auto [client, server] = loopback_connection();
  if (::fork() == 0) send_all(client.get(), bytes);
  client.reset();

  const auto memory = std::make_unique<worker::output_memory>();
  ipc::worker_slot stats;
  worker::output out(STDOUT_FILENO, *memory, stats, worker::kind_of(STDOUT_FILENO), way);
  const std::uint64_t begin = sys::monotonic_ns();
  const std::uint64_t delivered = move_all(out, server.get());
  const double wall_ms = static_cast<double>(sys::monotonic_ns() - begin) / 1e6;
  std::fprintf(stderr, "{\"cpuMs\": %.3f, \"wallMs\": %.3f}\n", cpu_ms(), wall_ms);
  return delivered == bytes ? 0 : 1;
}
