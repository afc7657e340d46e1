#include "sys/syscalls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif

namespace procpool::sys {
namespace {

result outcome(long value) { return value < 0 ? -errno : value; }

template <typename Call>
result retry(Call call) {
  for (;;) {
    const long value = call();
    if (value >= 0) return value;
    if (errno != EINTR) return -errno;
  }
}

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

void change_signal_mask(int how) {
  sigset_t every;
  sigfillset(&every);
  ::sigprocmask(how, &every, nullptr);
}

std::uint64_t clock_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

void close(int fd) { ::close(fd); }

result open(const char* path, int flags) {
  return retry([&] { return ::open(path, flags | O_CLOEXEC); });
}

// Some file systems, as overlayfs before Linux 6.3, have no O_TMPFILE: open(2).
result open_unnamed(const char* folder) {
  constexpr mode_t owner_only = 0600;
  const result fd = retry([&] { return ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, owner_only); });
  if (fd != -EOPNOTSUPP && fd != -EISDIR && fd != -EINVAL) return fd;
  std::string path = std::string(folder) + "/procpool-XXXXXX";
  const result named = retry([&] { return ::mkostemp(path.data(), O_CLOEXEC); });
  if (named < 0) return named;
  if (::unlink(path.c_str()) == 0) return named;
  const int error = errno;
  ::close(static_cast<int>(named));
  return -error;
}

result remove_file(const char* path) { return outcome(::unlink(path)); }

// By number: the C library's functions would bind a prebuilt addon to glibc 2.33.
result path_status(const char* path, struct stat& status) {
  return outcome(::syscall(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW));
}

result status_flags(int fd) { return outcome(::fcntl(fd, F_GETFL)); }

result file_status(int fd, struct stat& status) { return outcome(::syscall(SYS_fstat, fd, &status)); }

result lock_file(int fd) {
  return retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
}

result unlock_file(int fd) { return outcome(::flock(fd, LOCK_UN)); }

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

result duplicate(int fd, int lowest) { return outcome(::fcntl(fd, F_DUPFD_CLOEXEC, lowest)); }

result replace(int from, int to) {
  return retry([&] { return ::dup2(from, to); });
}

result pipe(int (&ends)[2], blocking mode) {
  return outcome(::pipe2(ends, O_CLOEXEC | (mode == blocking::no ? O_NONBLOCK : 0)));
}

result pipe_size(int fd) { return outcome(::fcntl(fd, F_GETPIPE_SZ)); }

result set_pipe_size(int fd, int bytes) { return outcome(::fcntl(fd, F_SETPIPE_SZ, bytes)); }

result socket_pair(int type, int (&ends)[2]) {
  return outcome(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
}

void close_from(int first, std::span<const int> kept) {
  if (close_gaps(first, kept)) return;
  for (const int fd : open_descriptors()) {
    if (fd >= first && !std::binary_search(kept.begin(), kept.end(), fd)) ::close(fd);
  }
}

result raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  return outcome(::setrlimit(RLIMIT_NOFILE, &limit));
}

result read(int fd, void* data, std::size_t size) {
  return retry([&] { return ::read(fd, data, size); });
}

result read_at(int fd, void* data, std::size_t size, std::uint64_t offset) {
  return retry([&] { return ::pread(fd, data, size, static_cast<off_t>(offset)); });
}

result write(int fd, const void* data, std::size_t size) {
  return retry([&] { return ::write(fd, data, size); });
}

result receive(int socket, void* data, std::size_t size) {
  return retry([&] { return ::recv(socket, data, size, MSG_DONTWAIT); });
}

result send(int socket, const void* data, std::size_t size) {
  return retry([&] { return ::send(socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

result splice(int from, int to, std::size_t size) {
  return retry([&] { return ::splice(from, nullptr, to, nullptr, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
}

result readable_bytes(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) < 0 ? -errno : bytes;
}

result socket(int family, int type) { return outcome(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

result bind(int socket, const sockaddr* address, socklen_t length) { return outcome(::bind(socket, address, length)); }

result listen(int socket, int backlog) { return outcome(::listen(socket, backlog)); }

result connect(int socket, const sockaddr* address, socklen_t length) {
  return outcome(::connect(socket, address, length));
}

result accept(int listener, sockaddr* peer, socklen_t* length) {
  return retry([&] { return ::accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC); });
}

result shut_down(int socket, int how) { return outcome(::shutdown(socket, how)); }

result set_option(int socket, int level, int name, int value) {
  return outcome(::setsockopt(socket, level, name, &value, sizeof value));
}

result option(int socket, int level, int name, void* value, socklen_t size) {
  return outcome(::getsockopt(socket, level, name, value, &size));
}

result local_address(int socket, sockaddr* address, socklen_t* length) {
  return outcome(::getsockname(socket, address, length));
}

result send_message(int socket, const msghdr& message) {
  return retry([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); });
}

result receive_message(int socket, msghdr& message) {
  return retry([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
}

result epoll_create() { return outcome(::epoll_create1(EPOLL_CLOEXEC)); }

result epoll_control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return outcome(::epoll_ctl(epoll, operation, fd, &event));
}

result epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms) {
  const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout_ms);
  return count < 0 && errno == EINTR ? 0 : outcome(count);
}

result poll(std::span<pollfd> descriptors, int timeout_ms) {
  const int count = ::poll(descriptors.data(), descriptors.size(), timeout_ms);
  return count < 0 && errno == EINTR ? 0 : outcome(count);
}

result poll_ns(std::span<pollfd> descriptors, std::uint64_t timeout_ns) {
  constexpr std::uint64_t second_ns = 1'000'000'000;
  const timespec timeout{static_cast<time_t>(timeout_ns / second_ns), static_cast<long>(timeout_ns % second_ns)};
  const int count = ::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
  return count < 0 && errno == EINTR ? 0 : outcome(count);
}

pid_t process_id() { return ::getpid(); }
pid_t parent_id() { return ::getppid(); }

result fork() { return outcome(::fork()); }

result kill(pid_t pid, int signal) { return outcome(::kill(pid, signal)); }

// By number, which is the same on every architecture: the C library may know neither.
result open_process(pid_t pid) {
  constexpr long number = 434;
  return outcome(::syscall(number, pid, 0));
}

result signal_process(int process, int signal) {
  constexpr long number = 424;
  return outcome(::syscall(number, process, signal, nullptr, 0));
}

result wait_for(pid_t pid, int& status, int flags) {
  return retry([&] { return ::waitpid(pid, &status, flags); });
}

result signal_on_parent_death(int signal) { return outcome(::prctl(PR_SET_PDEATHSIG, signal)); }

void name_process(const char* name) { ::prctl(PR_SET_NAME, name); }

result set_signal_handler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  return outcome(::sigaction(signal, &action, nullptr));
}

result set_interval_timer(std::uint64_t delay_us) {
  constexpr std::uint64_t second_us = 1'000'000;
  itimerval setting{};
  setting.it_value.tv_sec = static_cast<time_t>(delay_us / second_us);
  setting.it_value.tv_usec = static_cast<suseconds_t>(delay_us % second_us);
  return outcome(::setitimer(ITIMER_REAL, &setting, nullptr));
}

void block_signals() { change_signal_mask(SIG_BLOCK); }
void unblock_signals() { change_signal_mask(SIG_UNBLOCK); }

result event_counter() { return outcome(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

result memory_file(const char* name, std::size_t size) {
  const long fd = ::syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  const int file = static_cast<int>(fd);
  if (::ftruncate(file, static_cast<off_t>(size)) < 0 ||
      ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    const int error = errno;
    ::close(file);
    return -error;
  }
  return file;
}

result map_shared(int fd, std::size_t size, void*& address) {
  address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return address == MAP_FAILED ? -errno : 0;
}

void unmap(void* address, std::size_t size) { ::munmap(address, size); }

std::uint64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }
std::uint64_t wall_ns() { return clock_ns(CLOCK_REALTIME); }
time_t wall_seconds() { return std::time(nullptr); }

}  // namespace procpool::sys
