#include <array>
#include <cstring>

#include "fake/kernel.h"
#include "sys/syscalls.h"

/// native/sys/ as the fake kernel answers it. What is missing here is found when the addon is loaded.
namespace procpool::sys {

using testing::kernel;

namespace {

std::span<const std::uint8_t> bytes_of(const void* data, std::size_t size) {
  return {static_cast<const std::uint8_t*>(data), size};
}

std::span<std::uint8_t> room_of(void* data, std::size_t size) { return {static_cast<std::uint8_t*>(data), size}; }

/// A message's only descriptor, or -1.
int descriptor_of(const msghdr& message) {
  int descriptor = -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr) std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

void set_descriptor(msghdr& message, int descriptor) {
  if (descriptor < 0) {
    message.msg_controllen = 0;
    return;
  }
  message.msg_controllen = CMSG_SPACE(sizeof descriptor);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
}

}  // namespace

// clocks.h
std::uint64_t monotonic_ns() { return kernel().now_ns; }
std::uint64_t wall_ns() { return kernel().now_ns; }

// descriptors.h
void close(int fd) { kernel().call("close", {fd}, 0); }
result read(int fd, void* data, std::size_t size) {
  int descriptor = -1;
  return kernel().receive("read", fd, room_of(data, size), descriptor);
}
result write(int fd, const void* data, std::size_t size) {
  return kernel().call("write", {fd}, static_cast<result>(size), bytes_of(data, size));
}
result readable_bytes(int fd) { return kernel().call("readable_bytes", {fd}, 0); }

// processes.h
pid_t process_id() { return 4711; }

// signals.h
result set_interval_timer(std::uint64_t delay_us) {
  return kernel().call("set_interval_timer", {static_cast<std::int64_t>(delay_us)}, 0);
}

// sockets.h
result socket_pair(int type, int (&ends)[2]) {
  for (int& end : ends) end = kernel().new_descriptor();
  return kernel().call("socket_pair", {type}, 0);
}
result send(int socket, const void* data, std::size_t size) {
  return kernel().call("send", {socket}, static_cast<result>(size), bytes_of(data, size));
}
result receive(int socket, void* data, std::size_t size) {
  int descriptor = -1;
  return kernel().receive("receive", socket, room_of(data, size), descriptor);
}
result send_message(int socket, const msghdr& message) {
  const iovec& part = message.msg_iov[0];
  return kernel().call("send_message", {socket, descriptor_of(message)}, static_cast<result>(part.iov_len),
                       bytes_of(part.iov_base, part.iov_len));
}
result receive_message(int socket, msghdr& message) {
  const iovec& part = message.msg_iov[0];
  int descriptor = -1;
  const result received = kernel().receive("receive_message", socket, room_of(part.iov_base, part.iov_len), descriptor);
  set_descriptor(message, descriptor);
  return received;
}

// waiting.h
result epoll_create() { return kernel().call("epoll_create", {}, kernel().new_descriptor()); }
result epoll_control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag) {
  const auto high = static_cast<std::int64_t>(tag >> 32);
  const auto low = static_cast<std::int64_t>(tag & UINT32_MAX);
  return kernel().call("epoll_control", {epoll, operation, fd, events, high, low}, 0);
}
result epoll_wait(int epoll, std::span<epoll_event>, int timeout_ms) {
  return kernel().call("epoll_wait", {epoll, timeout_ms}, 0);
}
result poll(std::span<pollfd> descriptors, int timeout_ms) {
  const result count = kernel().call("poll", {timeout_ms}, static_cast<result>(descriptors.size()));
  for (pollfd& descriptor : descriptors) descriptor.revents = count > 0 ? descriptor.events : short{0};
  return count;
}
result event_counter() { return kernel().call("event_counter", {}, kernel().new_descriptor()); }

}  // namespace procpool::sys
