// How long a message takes from a client's send(2) to the reader of the system's stdout, which is stdin
// here, both on one clock. load_latency port=P mode=idle [messages=2000] [gap_us=500]: each after the one
// before has come; mode=load rate=R connections=C messages=M: evenly in time → JSON, in ns, or {"mixed":true}.

#include <algorithm>
#include <thread>
#include <vector>

#include "client.h"

namespace {

constexpr std::uint64_t magic = 0x6c6f6f7063'6f7270;

struct record {
  std::uint64_t sequence = 0;
  std::uint64_t sent_ns = 0;
  std::uint64_t head = magic;
  std::array<char, 168> padding{};
  std::uint64_t tail = 0;
};
static_assert(sizeof(record) == 200);

void send_now(int socket, std::uint64_t sequence) {
  record one;
  one.sequence = sequence;
  one.tail = sequence + magic;
  one.sent_ns = bench::sys::monotonic_ns();
  bench::send_all(socket, {reinterpret_cast<const char*>(&one), sizeof one});
}

/// Takes records from stdin however reads divide them.
class reader {
 public:
  /// At least one; `seen` gets the latency of each.
  void read(std::vector<std::uint64_t>& seen) {
    const std::size_t before = seen.size();
    while (seen.size() == before) {
      const auto got =
          bench::check("read", bench::sys::read(STDIN_FILENO, buffer_.data() + filled_, buffer_.size() - filled_));
      const std::uint64_t now = bench::sys::monotonic_ns();
      if (got == 0) bench::fail("stdin has ended after " + std::to_string(seen.size()) + " messages");
      filled_ += static_cast<std::size_t>(got);
      take(now, seen);
    }
  }

 private:
  void take(std::uint64_t now, std::vector<std::uint64_t>& seen) {
    std::size_t begin = 0;
    for (; filled_ - begin >= sizeof(record); begin += sizeof(record)) {
      record one;
      std::memcpy(&one, buffer_.data() + begin, sizeof one);
      if (one.head != magic || one.tail != one.sequence + magic) give_up();
      seen.push_back(now - one.sent_ns);
    }
    filled_ -= begin;
    std::memmove(buffer_.data(), buffer_.data() + begin, filled_);
  }

  [[noreturn]] static void give_up() {
    bench::print("\"mixed\":true");
    std::_Exit(EXIT_SUCCESS);  // the sender goes on
  }

  std::vector<char> buffer_ = std::vector<char>(64UL * 1024UL);
  std::size_t filled_ = 0;
};

std::vector<std::uint64_t> one_by_one(int socket, std::uint64_t messages, std::uint64_t gap_ns) {
  std::vector<std::uint64_t> latencies;
  reader input;
  while (latencies.size() < messages) {
    send_now(socket, latencies.size());
    input.read(latencies);
    bench::sleep_until(bench::sys::monotonic_ns() + gap_ns);
  }
  return latencies;
}

std::vector<std::uint64_t> under_load(const std::vector<bench::unique_fd>& sockets, std::uint64_t messages,
                                      std::uint64_t rate) {
  std::thread sender([&sockets, messages, rate] {
    bench::pacer pace(rate);
    for (std::uint64_t sent = 0; sent < messages; ++sent) {
      pace.wait();
      send_now(sockets[sent % sockets.size()].get(), sent);
    }
  });
  std::vector<std::uint64_t> latencies;
  latencies.reserve(messages);
  reader input;
  while (latencies.size() < messages) input.read(latencies);
  sender.join();
  return latencies;
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words,
                               {{"port", ""},
                                {"mode", ""},
                                {"messages", "2000"},
                                {"gap_us", "500"},
                                {"rate", "100000"},
                                {"connections", "8"},
                                {"timeout", "120"}});
  const bool load = given.text("mode") == "load";
  if (!load && given.text("mode") != "idle") bench::fail("mode is idle or load");
  const std::uint64_t messages = given.number("messages");
  bench::give_up_after(given.number("timeout", 0));
  std::vector<bench::unique_fd> sockets;
  while (sockets.size() < (load ? given.number("connections") : 1)) sockets.push_back(bench::connect(given.port()));

  const std::uint64_t begin = bench::sys::monotonic_ns();
  auto latencies = load ? under_load(sockets, messages, given.number("rate"))
                        : one_by_one(sockets.front().get(), messages, given.number("gap_us", 0) * 1000);
  const std::string seconds = bench::seconds_since(begin);
  std::sort(latencies.begin(), latencies.end());
  const auto quantile = [&latencies](const char* name, std::size_t percent) {
    return "," + bench::field(name, latencies[(latencies.size() - 1) * percent / 100]);
  };
  bench::print(bench::field("bytes", messages * sizeof(record)) + "," + bench::field("units", messages) + "," +
               seconds + quantile("p50", 50) + quantile("p90", 90) + quantile("p99", 99) + quantile("max", 100));
}
