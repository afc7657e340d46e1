#pragma once

#include <fcntl.h>
#include <sys/syscall.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "traced_process.h"

namespace chaos {

inline constexpr std::uint64_t ms_ns = 1'000'000;
inline constexpr std::uint64_t patience_ns = 30'000 * ms_ns;

inline std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool wait_until(auto condition, std::uint64_t ns = patience_ns) {
  const std::uint64_t end = bench::sys::monotonic_ns() + ns;
  for (;;) {
    if (condition()) return true;
    if (bench::sys::monotonic_ns() > end) return false;
    bench::sleep_until(bench::sys::monotonic_ns() + 50'000);
  }
}

/// The processes of a pool with one worker.
class observed_pool {
 public:
  explicit observed_pool(pid_t supervisor) : supervisor_(supervisor) {}

  [[nodiscard]] std::vector<pid_t> named(const std::string& name) const {
    const std::string own = "/proc/" + std::to_string(supervisor_);
    std::istringstream children(first_line(own + "/task/" + std::to_string(supervisor_) + "/children"));
    std::vector<pid_t> found;
    for (pid_t pid = 0; children >> pid;) {
      if (first_line("/proc/" + std::to_string(pid) + "/comm") == name && !is_zombie(pid)) found.push_back(pid);
    }
    return found;
  }

  /// One that waits for something to do, with two that stand by for it.
  [[nodiscard]] pid_t idle_worker() const {
    pid_t worker = 0;
    const bool found = wait_until(
        [&] {
          const auto workers = named("procpool-w0");
          worker = workers.empty() ? 0 : workers.back();
          return workers.size() == 1 && waits_in(worker, SYS_epoll_wait) && standbys().size() == 2;
        },
        5 * patience_ns);
    if (!found) bench::fail("no worker waits, or none stands by");
    return worker;
  }

  /// Those that sleep.
  [[nodiscard]] std::vector<pid_t> standbys() const {
    std::vector<pid_t> found = named("procpool-s0");
    std::erase_if(found, [](pid_t pid) { return !waits_in(pid, SYS_futex); });
    return found;
  }

 private:
  static bool is_zombie(pid_t pid) {
    const std::string stat = first_line("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end = stat.rfind(')');
    return end == std::string::npos || stat.substr(end + 2, 1) == "Z" || stat.substr(end + 2, 1) == "X";
  }

  static bool waits_in(pid_t pid, long call) {
    return first_line("/proc/" + std::to_string(pid) + "/syscall").starts_with(std::to_string(call) + " ");
  }

  pid_t supervisor_;
};

}  // namespace chaos
