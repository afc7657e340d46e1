// Clients that send numbered data (stream_code.h) for some seconds, end their streams and wait for the pool to close.
// Each may do so several times, one connection after the other: every connection is a stream of its own, the first
// ones 0 … clients-1. Exits with 1 if one is reset or fails.
// chaos_send port=P | path=SOCKET [clients=8] [lives=1, connections of each] [seconds=1] [seed=1] [rate=0, bytes a
// second of each client] [max=65536, bytes of a message] [report=PATH, for the bytes of each stream] [every=0, ms:
// the longest stall since, on stderr] [grace=60, seconds to wait for the end] → JSON

#include <fstream>
#include <random>
#include <vector>

#include "sending_client.h"

namespace {

/// Counted from the lowest: the smallest stall that is not exceeded by `percent` of all.
std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, std::uint64_t percent) {
  return sorted[(sorted.size() - 1) * percent / 100];
}

std::string milliseconds(const char* name, std::uint64_t ns) {
  return bench::quoted(name, std::to_string(static_cast<double>(ns) / 1e6));
}

class sending {
 public:
  sending(const chaos::load& load, std::uint64_t clients) : load_(load) {
    for (chaos::stream_id id = 0; id < clients; ++id) clients_.emplace_back(load_, id, epoll_.get());
  }

  /// Until all have ended, or the time for that is over.
  void run(std::uint64_t report_ns) {
    std::uint64_t next_report = report_ns;
    for (;;) {
      const std::uint64_t now = bench::sys::monotonic_ns();
      bool busy = false;
      bool alive = false;
      for (auto& client : clients_) {
        busy |= client.go_on(now);
        alive |= !client.is_over();
      }
      if (!alive || now > load_.give_up_ns) return;
      if (report_ns > 0 && now - load_.begin_ns > next_report) {
        report_stall(now);
        next_report += report_ns;
      }
      wait(busy ? 0 : 1);
    }
  }

  [[nodiscard]] const std::vector<chaos::sending_client>& clients() const { return clients_; }

 private:
  void wait(int timeout_ms) {
    const auto count =
        static_cast<std::size_t>(bench::check("epoll_wait", bench::sys::epoll_wait(epoll_.get(), events_, timeout_ms)));
    const std::uint64_t now = bench::sys::monotonic_ns();
    for (const epoll_event& event : std::span(events_).first(count))
      clients_[event.data.u64].on_events(event.events, now);
  }

  void report_stall(std::uint64_t now) {
    std::uint64_t longest = 0;
    for (auto& client : clients_) longest = std::max(longest, client.take_recent_stall(now));
    bench::print(bench::quoted("second", std::to_string(static_cast<double>(now - load_.begin_ns) / 1e9)) + "," +
                     milliseconds("stallMs", longest),
                 stderr);
  }

  const chaos::load& load_;
  bench::unique_fd epoll_ = bench::own("epoll_create1", bench::sys::epoll_create());
  std::vector<chaos::sending_client> clients_;
  std::array<epoll_event, 256> events_{};
};

void write_report(const std::string& path, const std::vector<std::uint64_t>& streams) {
  std::ofstream report(path);
  for (const std::uint64_t bytes : streams) report << bytes << '\n';
  if (!report.flush()) bench::fail("the report cannot be written");
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words,
                               {{"port", "0"},
                                {"path", "-"},
                                {"clients", "8"},
                                {"lives", "1"},
                                {"seconds", "1"},
                                {"seed", "1"},
                                {"rate", "0"},
                                {"max", "65536"},
                                {"report", "-"},
                                {"every", "0"},
                                {"grace", "60"}});
  bench::check("setrlimit", bench::sys::raise_descriptor_limit());
  const std::uint64_t clients = given.number("clients");
  const std::uint64_t lives = given.number("lives");
  if (clients * lives > chaos::max_streams) bench::fail("too many streams");
  const std::uint64_t begin = bench::sys::monotonic_ns();
  const std::uint64_t end = begin + given.number("seconds") * bench::second_ns;
  const chaos::load load{
      .code = chaos::stream_code(given.number<std::uint64_t>("seed", 0)),
      .to = given.text("path") == "-" ? chaos::target(given.port()) : chaos::target(given.text("path")),
      .seed = given.number<std::uint64_t>("seed", 0),
      .clients = clients,
      .lives = lives,
      .rate = given.number<std::uint64_t>("rate", 0),
      .max_message = given.number("max"),
      .begin_ns = begin,
      .end_ns = end,
      .give_up_ns = end + given.number<std::uint64_t>("grace", 0) * bench::second_ns};
  sending all(load, clients);
  all.run(given.number<std::uint64_t>("every", 0) * 1'000'000);

  std::vector<std::uint64_t> streams(clients * lives);
  std::vector<std::uint64_t> stalls;
  std::uint64_t bytes = 0, connects = 0, resets = 0, errors = 0, unclosed = 0;
  for (const auto& client : all.clients()) {
    for (std::uint64_t life = 0; life < lives; ++life) streams[client.id() + clients * life] = client.sent(life);
    stalls.push_back(client.longest_stall());
    connects += client.connects();
    resets += client.resets();
    errors += client.errors();
    if (!client.is_over()) ++unclosed;
  }
  for (const std::uint64_t stream : streams) bytes += stream;
  std::ranges::sort(stalls);
  if (given.text("report") != "-") write_report(given.text("report"), streams);
  bench::print(bench::field("clients", clients) + "," + bench::field("bytes", bytes) + "," +
               bench::field("connects", connects) + "," + bench::field("resets", resets) + "," +
               bench::field("errors", errors) + "," + bench::field("unclosed", unclosed) + "," +
               milliseconds("stallP50Ms", percentile(stalls, 50)) + "," +
               milliseconds("stallP99Ms", percentile(stalls, 99)) + "," + milliseconds("stallMaxMs", stalls.back()) +
               "," + bench::seconds_since(begin));
  return resets + errors + unclosed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
