#include "sys/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <vector>

#include "sys/outcome.h"

namespace procpool::sys {
namespace {

// close_range(2) came with Linux 5.9; its number is the same on every architecture.
bool close_range(unsigned first, unsigned last) {
  constexpr long number = 436;
  return first > last || ::syscall(number, first, last, 0) == 0;
}

bool close_gaps(int first, std::span<const int> kept) {
  auto next = static_cast<unsigned>(first);
  for (const int fd : kept) {
    if (fd < first) continue;
    if (static_cast<unsigned>(fd) > next && !close_range(next, static_cast<unsigned>(fd) - 1)) return false;
    next = static_cast<unsigned>(fd) + 1;
  }
  return close_range(next, UINT_MAX);
}

std::vector<int> open_descriptors() {
  std::vector<int> found;
  if (DIR* directory = ::opendir("/proc/self/fd")) {
    while (const dirent* entry = ::readdir(directory)) {
      char* end = nullptr;
      const long fd = std::strtol(entry->d_name, &end, 10);
      if (*end == '\0' && fd != ::dirfd(directory)) found.push_back(static_cast<int>(fd));
    }
    ::closedir(directory);
    return found;
  }
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (int fd = 0; fd < limit; ++fd) found.push_back(fd);
  return found;
}

}  // namespace

void close(int fd) { ::close(fd); }

result read(int fd, void* data, std::size_t size) {
  return retry([&] { return ::read(fd, data, size); });
}

result write(int fd, const void* data, std::size_t size) {
  return retry([&] { return ::write(fd, data, size); });
}

result readable_bytes(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) < 0 ? -errno : bytes;
}

result status_flags(int fd) { return outcome(::fcntl(fd, F_GETFL)); }

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

result duplicate(int fd, int lowest) { return outcome(::fcntl(fd, F_DUPFD_CLOEXEC, lowest)); }

result replace(int from, int to) {
  return retry([&] { return ::dup2(from, to); });
}

void close_from(int first, std::span<const int> kept) {
  if (close_gaps(first, kept)) return;
  for (const int fd : open_descriptors()) {
    if (fd >= first && !std::binary_search(kept.begin(), kept.end(), fd)) ::close(fd);
  }
}

result descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  return static_cast<result>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
}

result raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  return outcome(::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace procpool::sys
