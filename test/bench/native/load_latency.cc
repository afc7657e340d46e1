// How long a message takes from a client's send(2) to the reader of the system's stdout, which is stdin
// here, both on one clock. load_latency port=P mode=idle [messages=2000] [gap_us=500]: each after the one
// before has come; mode=load rate=R connections=C messages=M: evenly in time → JSON, in ns.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "client.h"

namespace {

constexpr std::size_t size = 200;
constexpr std::uint64_t max_connections = 256;

/// Messages, in turn on the connections. All bytes of a connection are its number, so that whatever its
/// bytes are mixed with, counting them says which message has come.
class exchange {
 public:
  exchange(std::uint16_t port, std::uint64_t connections, std::uint64_t messages) : sent_ns_(messages) {
    for (std::uint64_t number = 0; number < connections; ++number) {
      clients_.push_back({bench::connect(port), std::string(size, static_cast<char>(number))});
    }
    latencies_.reserve(messages);
  }

  void send(std::uint64_t sequence) {
    const client& sender = clients_[sequence % clients_.size()];
    sent_ns_[sequence] = bench::sys::monotonic_ns();
    bench::send_all(sender.socket.get(), sender.message);
  }

  /// Until so many have come.
  void receive(std::uint64_t messages) {
    while (latencies_.size() < messages) {
      const auto got = bench::check("read", bench::sys::read(STDIN_FILENO, buffer_.data(), buffer_.size()));
      const std::uint64_t now = bench::sys::monotonic_ns();
      if (got == 0) bench::fail("stdin has ended after " + std::to_string(latencies_.size()) + " messages");
      for (std::string_view rest(buffer_.data(), static_cast<std::size_t>(got)); !rest.empty();) take(rest, now);
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> sorted_latencies() {
    std::sort(latencies_.begin(), latencies_.end());
    return std::move(latencies_);
  }

 private:
  struct client {
    bench::unique_fd socket;
    std::string message;
    std::uint64_t received = 0;
  };

  /// What `rest` begins with of one connection's, up to the end of its message.
  void take(std::string_view& rest, std::uint64_t now) {
    const std::size_t number = static_cast<unsigned char>(rest.front());
    if (number >= clients_.size()) bench::fail("nobody sent what has come");
    client& sender = clients_[number];
    const std::size_t most = std::min(size - sender.received % size, rest.size());
    const bool whole = std::memcmp(rest.data(), sender.message.data(), most) == 0;
    const std::size_t taken = whole ? most : rest.find_first_not_of(rest.front());
    rest.remove_prefix(taken);
    sender.received += taken;
    if (sender.received % size != 0) return;
    const std::uint64_t sequence = (sender.received / size - 1) * clients_.size() + number;
    if (sequence >= sent_ns_.size()) bench::fail("more has come than was sent");
    latencies_.push_back(now - sent_ns_[sequence]);
  }

  std::vector<client> clients_;
  std::vector<std::atomic<std::uint64_t>> sent_ns_;
  std::vector<std::uint64_t> latencies_;
  std::vector<char> buffer_ = std::vector<char>(64UL * 1024UL);
};

void one_by_one(exchange& all, std::uint64_t messages, std::uint64_t gap_ns) {
  for (std::uint64_t sent = 0; sent < messages; ++sent) {
    all.send(sent);
    all.receive(sent + 1);
    bench::sleep_until(bench::sys::monotonic_ns() + gap_ns);
  }
}

void under_load(exchange& all, std::uint64_t messages, std::uint64_t rate) {
  std::thread sender([&all, messages, rate] {
    bench::pacer pace(rate);
    for (std::uint64_t sent = 0; sent < messages; ++sent) {
      pace.wait();
      all.send(sent);
    }
  });
  all.receive(messages);
  sender.join();
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
  const std::uint64_t connections = load ? given.number("connections") : 1;
  if (connections > max_connections) bench::fail("a byte has to tell the connections apart");
  bench::give_up_after(given.number("timeout", 0));
  exchange all(given.port(), connections, messages);

  const std::uint64_t begin = bench::sys::monotonic_ns();
  if (load) {
    under_load(all, messages, given.number("rate"));
  } else {
    one_by_one(all, messages, given.number("gap_us", 0) * 1000);
  }
  const std::string seconds = bench::seconds_since(begin);
  const std::vector<std::uint64_t> latencies = all.sorted_latencies();
  const auto quantile = [&latencies](const char* name, std::size_t percent) {
    return "," + bench::field(name, latencies[(latencies.size() - 1) * percent / 100]);
  };
  bench::print(bench::field("bytes", messages * size) + "," + bench::field("units", messages) + "," + seconds +
               quantile("p50", 50) + quantile("p90", 90) + quantile("p99", 99) + quantile("max", 100));
}
