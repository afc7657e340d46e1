// Kills the worker of a pool after n instructions of serving its client, for n = from, from + every, … until all of it
// fits, and verifies after each that another has gone on as if nothing had happened: what was sent is in the output
// once and in order, and the connection has seen no error. The pool's output is this program's stdin: a pipe, a socket
// or a file. x86-64. worker_steps supervisor=PID port=P | path=SOCKET [of=message | accept | close | takeover]
// [size=32, bytes of a message] [from=1] [every=1] [to=1000000] [inflight=0, with of=takeover: instructions after which
// the worker before is killed; 0: a random number below 2000] [seed=1] [list=0: a line on stderr for each n] → JSON
// Exits with 77 where it cannot trace.

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

#include "observed_output.h"
#include "observed_pool.h"
#include "traced_process.h"

namespace {

using chaos::traced_process;

using chaos::ms_ns;
using chaos::observed_output;
using chaos::observed_pool;
using chaos::wait_until;

class client {
 public:
  explicit client(const bench::arguments& args) {
    if (args.text("path") != "-") {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      args.text("path").copy(address.sun_path, sizeof address.sun_path - 1);
      socket_ = bench::own("socket", procpool::sys::socket(AF_UNIX, SOCK_STREAM));
      connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } else {
      const sockaddr_in address = bench::loopback(args.port());
      socket_ = bench::own("socket", procpool::sys::socket(AF_INET, SOCK_STREAM));
      connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }

  /// Sends as much as there is room for.
  void send(const std::string& data) { unsent_ += data, go_on(); }
  void go_on() {
    while (!unsent_.empty()) {
      const auto sent = procpool::sys::send(socket_.get(), unsent_.data(), unsent_.size());
      if (sent <= 0) break;
      unsent_.erase(0, static_cast<std::size_t>(sent));
    }
  }
  void end() { bench::check("shutdown", procpool::sys::shut_down(socket_.get(), SHUT_WR)); }

  /// What it sees of its end: 1: none; 0: closed in order; or an errno negated.
  [[nodiscard]] procpool::sys::result state() const {
    char byte = 0;
    const auto read = procpool::sys::receive(socket_.get(), &byte, 1);
    return read == -EAGAIN ? 1 : read;
  }

 private:
  void connect(const sockaddr* address, socklen_t length) {
    const auto connected = procpool::sys::connect(socket_.get(), address, length);
    if (connected == -EINPROGRESS) {
      pollfd room{socket_.get(), POLLOUT, 0};
      ::poll(&room, 1, 5000);
    } else {
      bench::check("connect", connected);
    }
  }

  bench::unique_fd socket_;
  std::string unsent_;
};

std::string message(std::uint64_t n, std::size_t size) {
  std::string text;
  for (std::uint64_t part = 0; text.size() < size; ++part) {
    std::array<char, 64> line{};
    std::snprintf(line.data(), line.size(), "%010llu.%010llu.message;\n", static_cast<unsigned long long>(n),
                  static_cast<unsigned long long>(part));
    text += line.data();
  }
  text.resize(size);
  text.back() = '\n';
  return text;
}

class stepping {
 public:
  explicit stepping(const bench::arguments& args)
      : args_(args),
        pool_(args.number<pid_t>("supervisor")),
        of_(args.text("of")),
        size_(args.number("size")),
        random_(args.number("seed")) {}

  int run() {
    if (of_ != "accept") connect();
    std::uint64_t n = args_.number("from");
    const std::uint64_t begin_ns = bench::sys::monotonic_ns();
    for (;; n += args_.number("every")) {
      if (n > args_.number("to")) break;
      const bool fits = attempt(n);
      verify(n);
      ++attempts_;
      if (fits) break;
    }
    bench::print(bench::field("attempts", attempts_) + "," + bench::field("last", n) + "," +
                 bench::field("defects", defects_) + "," + bench::seconds_since(begin_ns));
    return defects_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }

 private:
  void connect() {
    client_.emplace(args_);
    send(0);
    if (!wait_until([&] { return output_.complete(); }) || !output_.right()) bench::fail("the pool does not serve");
    output_.forget();
  }

  void send(std::uint64_t n) {
    const std::string text = message(n, size_);
    output_.expect(text);
    client_->send(text);
  }

  /// What the worker is to do.
  void cause(std::uint64_t n) {
    closing_ = of_ == "close";
    if (of_ == "accept") {
      client_.reset();
      client_.emplace(args_);
    }
    if (closing_) {
      client_->end();
    } else {
      send(n);
    }
  }

  [[nodiscard]] bool done() {
    client_->go_on();
    return closing_ ? client_->state() <= 0 : output_.complete();
  }

  /// Runs n instructions. True: it has done everything before, and waits.
  bool steps(traced_process& worker, std::uint64_t n) {
    constexpr std::uint64_t look_every = 64;
    for (std::uint64_t step = 0; step < n && !worker.dead(); ++step) {
      const long call = worker.next_call();
      if (call == SYS_epoll_wait && done()) return true;
      if (step % look_every == 0) static_cast<void>(done());
      worker.step();
    }
    return false;
  }

  bool attempt(std::uint64_t n) {
    const pid_t pid = pool_.idle_worker();
    if (of_ == "takeover") return attempt_takeover(pid, n);
    traced_process worker(pid);
    cause(n);
    const bool fits = steps(worker, n);
    at_ = worker.dead() ? 0 : worker.instruction();
    worker.kill();
    return fits;
  }

  /// Of the worker's successor. The worker before has died at some place.
  bool attempt_takeover(pid_t pid, std::uint64_t n) {
    std::vector<std::unique_ptr<traced_process>> standbys;
    for (const pid_t each : pool_.standbys()) standbys.push_back(std::make_unique<traced_process>(each));
    traced_process worker(pid);
    cause(n);
    before_ = args_.number("inflight", std::uint64_t{0});
    if (before_ == 0) before_ = random_() % 2000 + 1;
    steps(worker, before_);
    worker.kill();
    traced_process* next = nullptr;
    const bool woken = wait_until([&] {
      for (const auto& each : standbys) {
        constexpr std::uint32_t serve = 1;
        if (static_cast<std::uint32_t>(each->peek(each->first_argument())) == serve) next = each.get();
      }
      return next != nullptr;
    });
    if (!woken) bench::fail("nobody takes over");
    for (const auto& each : standbys) {
      if (each.get() != next) each->detach();
    }
    const bool fits = steps(*next, n);
    at_ = next->dead() ? 0 : next->instruction();
    next->kill();
    return fits;
  }

  void verify(std::uint64_t n) {
    bool late = false;
    if (!wait_until([&] { return done(); })) {
      late = true;
      // Whatever it waits for.
      if (!closing_) {
        send(n);
        static_cast<void>(wait_until([&] { return done(); }));
      }
    }
    // Nothing comes twice.
    if (late || n % 64 == 0) bench::sleep_until(bench::sys::monotonic_ns() + 100 * ms_ns);
    static_cast<void>(output_.complete());
    const auto state = client_->state();
    const bool connected = state == (closing_ ? 0 : 1);
    if (late || !output_.right() || !connected) report(n, late, state);
    if (args_.text("list") != "0") std::fprintf(stderr, "%s\n", position(n).c_str());
    output_.forget();
    if (closing_ || !connected) connect();
  }

  [[nodiscard]] std::string position(std::uint64_t n) const {
    std::ostringstream text;
    text << "n=" << n << " at 0x" << std::hex << at_ << std::dec;
    if (of_ == "takeover") text << " the worker before after " << before_;
    return text.str();
  }

  void report(std::uint64_t n, bool late, procpool::sys::result state) {
    ++defects_;
    const bool other = !output_.right();
    std::fprintf(stderr, "%s:%s%s connection %lld; sent %zu, got %zu bytes%s%s\n", position(n).c_str(),
                 late ? " late" : "", other ? " other bytes" : "", static_cast<long long>(state),
                 output_.expected().size(), output_.got().size(), other && size_ < 100 ? ": " : "",
                 other && size_ < 100 ? output_.got().c_str() : "");
  }

  const bench::arguments& args_;
  observed_pool pool_;
  std::string of_;
  std::size_t size_;
  std::mt19937_64 random_;
  observed_output output_;
  std::optional<client> client_;
  bool closing_ = false;
  std::uint64_t at_ = 0;      // the instruction before which the worker was killed
  std::uint64_t before_ = 0;  // and after how many its predecessor
  std::uint64_t attempts_ = 0;
  std::uint64_t defects_ = 0;
};

}  // namespace

int main(int count, char** words) {
  const bench::arguments args(count, words,
                              {{"supervisor", ""},
                               {"port", "1"},
                               {"path", "-"},
                               {"of", "message"},
                               {"size", "32"},
                               {"from", "1"},
                               {"every", "1"},
                               {"to", "1000000"},
                               {"inflight", "0"},
                               {"seed", "1"},
                               {"list", "0"}});
  return stepping(args).run();
}
