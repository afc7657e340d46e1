#pragma once

#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "sys/syscalls.h"
#include "sys/unique_fd.h"

/// What the benchmark's programs share: arguments, time, results, and that whatever fails ends the program
/// with status 1 and one line on stderr.
namespace bench {

namespace sys = procpool::sys;
using sys::unique_fd;

constexpr std::uint64_t second_ns = 1'000'000'000;

[[noreturn]] inline void fail(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
  std::_Exit(EXIT_FAILURE);
}

inline sys::result check(const char* call, sys::result value) {
  if (value < 0) fail(std::string(call) + ": " + std::strerror(static_cast<int>(-value)));
  return value;
}

/// For calls that native/sys has no use for.
inline sys::result outcome(long value) { return value < 0 ? -errno : value; }

inline unique_fd own(const char* call, sys::result fd) { return unique_fd(static_cast<int>(check(call, fd))); }

/// Words of the form name=value; what is declared as "" has to be given.
class arguments {
 public:
  arguments(int count, char** words, std::map<std::string, std::string> declared) : values_(std::move(declared)) {
    for (const std::string word : std::span(words, static_cast<std::size_t>(count)).subspan(1)) {
      const auto value = values_.find(word.substr(0, word.find('=')));
      if (value == values_.end() || word.find('=') == std::string::npos) fail("what is " + word + "?");
      value->second = word.substr(word.find('=') + 1);
    }
    for (const auto& [name, value] : values_) {
      if (value.empty()) fail(name + "=… is missing");
    }
    check("sigaction", sys::set_signal_handler(SIGPIPE, SIG_IGN));  // that is EPIPE, and one line
  }

  [[nodiscard]] const std::string& text(const std::string& name) const { return values_.at(name); }

  template <typename Number = std::uint64_t>
  [[nodiscard]] Number number(const std::string& name, Number least = 1) const {
    const std::string& word = text(name);
    Number value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value < least)
      fail("what is " + name + "=" + word + "?");
    return value;
  }

  [[nodiscard]] std::uint16_t port() const { return number<std::uint16_t>("port"); }

 private:
  std::map<std::string, std::string> values_;
};

/// A system that hangs is a failure; 0 takes it back.
inline void give_up_after(std::uint64_t seconds) {
  const auto handler = [](int) {
    constexpr std::string_view line = "gave up waiting\n";
    std::_Exit(::write(STDERR_FILENO, line.data(), line.size()) < 0 ? EXIT_FAILURE + 1 : EXIT_FAILURE);
  };
  check("sigaction", sys::set_signal_handler(SIGALRM, handler));
  check("setitimer", sys::set_interval_timer(seconds * 1'000'000));
}

inline void print(const std::string& json, std::FILE* to = stdout) {
  if (std::fprintf(to, "{%s}\n", json.c_str()) < 0 || std::fflush(to) != 0) fail("the result cannot be written");
}

inline std::string quoted(const char* name, const std::string& value) {
  return std::string("\"") + name + "\":" + value;
}

inline std::string field(const char* name, std::uint64_t value) { return quoted(name, std::to_string(value)); }

inline std::string seconds_since(std::uint64_t begin_ns, const char* name = "seconds") {
  return quoted(name, std::to_string(static_cast<double>(sys::monotonic_ns() - begin_ns) / second_ns));
}

inline void sleep_until(std::uint64_t time_ns) {
  const timespec time{static_cast<time_t>(time_ns / second_ns), static_cast<long>(time_ns % second_ns)};
  check("clock_nanosleep", -::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr));
}

/// 127.0.0.`host`
inline sockaddr_in loopback(std::uint16_t port, std::uint64_t host = 1) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) + static_cast<std::uint32_t>(host));
  return address;
}

}  // namespace bench
