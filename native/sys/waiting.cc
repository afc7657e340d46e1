#include "sys/waiting.h"

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include "sys/outcome.h"

namespace procpool::sys {

result epoll_create() { return outcome(::epoll_create1(EPOLL_CLOEXEC)); }

result epoll_control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return outcome(::epoll_ctl(epoll, operation, fd, &event));
}

result epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms) {
  return waited(::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout_ms));
}

result poll(std::span<pollfd> descriptors, int timeout_ms) {
  return waited(::poll(descriptors.data(), descriptors.size(), timeout_ms));
}

result poll_ns(std::span<pollfd> descriptors, std::uint64_t timeout_ns) {
  constexpr std::uint64_t second_ns = 1'000'000'000;
  const timespec timeout{static_cast<time_t>(timeout_ns / second_ns), static_cast<long>(timeout_ns % second_ns)};
  return waited(::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr));
}

void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT, value, nullptr, nullptr, 0);
}

void wake(const std::atomic<std::uint32_t>& word) { ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0); }

result event_counter() { return outcome(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

}  // namespace procpool::sys
