#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sys/unique_fd.h"

namespace procpool::event {

/// An epoll instance; each watched descriptor carries 64 bits of the caller's, see event_tag.h.
/// Supervisor and worker, one each, made after the fork. Does not own the descriptors it watches:
/// remove() before closing, since a copy in a forked child would keep reporting. See epoll(7).
class poller {
 public:
  static constexpr int forever = -1;

  /// Returned by one call at most; if that many are, there may be more.
  static constexpr std::size_t max_events = 256;

  /// Throws sys_error.
  poller();
  /// One that a process before this has left, with what it watches. Owns it.
  explicit poller(int epoll) : epoll_(epoll) {}

  [[nodiscard]] int fd() const { return epoll_.get(); }

  [[nodiscard]] sys::result add(int fd, std::uint32_t events, std::uint64_t tag);
  [[nodiscard]] sys::result modify(int fd, std::uint32_t events, std::uint64_t tag);
  [[nodiscard]] sys::result remove(int fd);

  /// Waits for events, at most `timeout_ms`. The span is valid until the next call; it is empty
  /// after a time-out or a signal.
  std::span<const epoll_event> wait(int timeout_ms);

 private:
  sys::unique_fd epoll_;
  std::array<epoll_event, max_events> events_{};
};

}  // namespace procpool::event
