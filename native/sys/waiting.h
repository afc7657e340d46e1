#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "sys/result.h"

/// System calls that wait, and what wakes them. An interrupted wait returns 0 events: the caller's loop goes round.
namespace procpool::sys {

result epoll_create();
result epoll_control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag);
result epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms);
result poll(std::span<pollfd> descriptors, int timeout_ms);
result poll_ns(std::span<pollfd> descriptors, std::uint64_t timeout_ns);
/// Waits as long as a word in shared memory has that value, or until it is woken: futex(2).
void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value);
/// Wakes one who waits there.
void wake(const std::atomic<std::uint32_t>& word);
/// An eventfd(2), non-blocking.
result event_counter();

}  // namespace procpool::sys
