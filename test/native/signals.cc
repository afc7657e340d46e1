#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "bind.h"
#include "event/event_source.h"

namespace procpool::testing {
namespace {

/// An event_source in the tests' own process, which gets its handlers back with the last of them.
class signals {
 public:
  signals() {
    for (std::size_t index = 0; index < touched.size(); ++index) ::sigaction(touched[index], nullptr, &before_[index]);
    source_ = std::make_unique<event::event_source>(std::initializer_list<int>{SIGTERM, SIGALRM, SIGCHLD});
  }
  ~signals() { close(); }
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  event::event_source& source() { return *source_; }

  /// As in a forked child, in which nobody destroys the parent's.
  void replace() {
    inherited_ = std::move(source_);
    source_ = std::make_unique<event::event_source>(std::initializer_list<int>{SIGTERM, SIGCHLD});
  }

  void close() {
    if (!source_) return;
    for (std::size_t index = 0; index < touched.size(); ++index) ::sigaction(touched[index], &before_[index], nullptr);
    source_.reset();
    inherited_.reset();
  }

 private:
  static constexpr std::array touched{SIGCHLD, SIGTERM, SIGINT, SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE, SIGHUP, SIGXFSZ};
  std::array<struct sigaction, touched.size()> before_{};
  std::unique_ptr<event::event_source> source_;
  std::unique_ptr<event::event_source> inherited_;
};

/// Another thread sends `rounds` times SIGTERM to this one, each when the one before has been handed out and after a
/// SIGCHLD, which wakes the loop a little before. Returns how many were: less than `rounds` if one was not within
/// `patience_ms` of the last.
int survive_storm(event::event_source& source, int rounds, int patience_ms) {
  constexpr int spread_ns = 20'000;
  const pid_t process = ::getpid();
  const auto self = static_cast<pid_t>(::syscall(SYS_gettid));
  std::atomic<int> seen{0};
  std::atomic<bool> over{false};
  std::thread storm([&] {
    for (int sent = 0; !over;) {
      if (seen != sent || sent == rounds) continue;
      ::syscall(SYS_tgkill, process, self, SIGCHLD);
      const std::uint64_t until_ns = sys::monotonic_ns() + static_cast<std::uint64_t>(++sent * 37 % spread_ns);
      while (sys::monotonic_ns() < until_ns) {
      }
      ::syscall(SYS_tgkill, process, self, SIGTERM);
    }
  });
  std::array<pollfd, 1> input{{{source.fd(), POLLIN, 0}}};
  std::uint64_t last_ns = sys::monotonic_ns();
  while (seen < rounds && sys::monotonic_ns() - last_ns < static_cast<std::uint64_t>(patience_ms) * 1'000'000) {
    if (sys::poll(input, patience_ms) < 1) continue;
    while (const int number = source.next()) {
      if (number != SIGTERM) continue;
      ++seen;
      last_ns = sys::monotonic_ns();
    }
  }
  over = true;
  storm.join();
  return seen;
}

}  // namespace

void show_signals(Napi::Object exports) {
  constructor(
      exports, "Signals", [](const Napi::CallbackInfo&) { return std::make_shared<signals>(); },
      [](Napi::Object object, const std::shared_ptr<signals>& self) {
        property(object, "fd", [self] { return self->source().fd(); });
        method(object, "raise", [](int number, int times) {
          for (int count = 0; count < times; ++count) ::raise(number);
        });
        method(object, "next", [self] { return self->source().next(); });
        method(object, "replace", [self] { self->replace(); });
        method(object, "surviveStorm",
               [self](int rounds, int patience_ms) { return survive_storm(self->source(), rounds, patience_ms); });
        method(object, "close", [self] { self->close(); });
      });
}

}  // namespace procpool::testing
