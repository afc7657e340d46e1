// Much data from few clients: each sends from one memory file with sendfile(2), so that next to nothing
// is copied, and waits until all has been read. They begin at different places of the file, or what the
// first has brought into the cache would make the others' data cheaper to read than clients' data is.
// load_bulk port=P bytes=N [connections=8] → JSON

#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include <algorithm>
#include <numeric>
#include <thread>
#include <vector>

#include "client.h"

namespace {

constexpr std::size_t block_bytes = 64UL * 1024UL * 1024UL;

bench::unique_fd pattern() {
  bench::unique_fd file = bench::own("memfd_create", bench::sys::memory_file("pattern", block_bytes));
  void* memory = nullptr;
  bench::check("mmap", bench::sys::map_shared(file.get(), block_bytes, memory));
  const std::span words(static_cast<std::uint64_t*>(memory), block_bytes / sizeof(std::uint64_t));
  std::iota(words.begin(), words.end(), 0);
  bench::sys::unmap(memory, block_bytes);
  return file;
}

void send_file(int socket, int file, off_t offset, std::uint64_t bytes) {
  int off = 0;
  bench::check("ioctl", bench::outcome(::ioctl(socket, FIONBIO, &off)));
  for (; bytes > 0; offset %= static_cast<off_t>(block_bytes)) {
    const std::size_t most = std::min<std::size_t>(bytes, block_bytes - static_cast<std::size_t>(offset));
    const auto sent = bench::check("sendfile", bench::outcome(::sendfile(socket, file, &offset, most)));
    bytes -= static_cast<std::uint64_t>(sent);
  }
  bench::half_close(socket);
  bench::await_end(socket);
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words, {{"port", ""}, {"bytes", ""}, {"connections", "8"}, {"timeout", "120"}});
  const std::uint64_t bytes = given.number("bytes");
  const std::uint64_t connections = given.number("connections");
  bench::give_up_after(given.number("timeout", 0));
  const bench::unique_fd file = pattern();
  std::vector<bench::unique_fd> sockets;
  while (sockets.size() < connections) sockets.push_back(bench::connect(given.port()));

  const std::uint64_t begin = bench::sys::monotonic_ns();
  std::vector<std::thread> senders;
  for (std::uint64_t index = 0; index < connections; ++index) {
    const auto offset = static_cast<off_t>(block_bytes / connections * index);
    senders.emplace_back(send_file, sockets[index].get(), file.get(), offset, bytes);
  }
  for (auto& sender : senders) sender.join();
  bench::print(bench::field("bytes", bytes * connections) + "," + bench::field("units", connections) + "," +
               bench::seconds_since(begin));
}
