#include "ipc/channel.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "sys/sys_error.h"

namespace procpool::ipc {
namespace {

constexpr std::size_t max_descriptors = 8;

struct alignas(cmsghdr) descriptor_buffer {
  std::array<char, CMSG_SPACE(max_descriptors * sizeof(int))> bytes{};
};

sys::result send_all(int socket, const void* data, std::size_t size, std::span<const int> descriptors) {
  if (descriptors.size() > max_descriptors) return -EINVAL;
  descriptor_buffer buffer;
  iovec part{const_cast<void*>(data), size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer.bytes.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  return sys::send_message(socket, message);
}

/// `count`: descriptors that came along, of which those that have no place in `descriptors` are closed.
sys::result receive_all(int socket, void* data, std::size_t size, std::span<sys::unique_fd> descriptors,
                        std::size_t& count) {
  descriptor_buffer buffer;
  iovec part{data, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer.bytes.data();
  message.msg_controllen = buffer.bytes.size();
  const sys::result received = sys::receive_message(socket, message);
  const cmsghdr* header = received > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return received;
  const std::size_t sent = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (count = 0; count < sent; ++count) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header) + count * sizeof descriptor, sizeof descriptor);
    sys::unique_fd owned(descriptor);
    if (count < descriptors.size()) descriptors[count] = std::move(owned);
  }
  return received;
}

}  // namespace

std::pair<channel, channel> channel::make_pair(int type) {
  int ends[2];
  sys::check("socketpair", sys::socket_pair(type, ends));
  return {channel(sys::unique_fd(ends[0])), channel(sys::unique_fd(ends[1]))};
}

bool channel::hung_up() const {
  std::array<pollfd, 1> state{{{fd(), 0, 0}}};
  return sys::poll(state, 0) > 0 && (state[0].revents & POLLHUP) != 0;
}

sys::result channel::send_bytes(const void* data, std::size_t size, int descriptor) {
  return send_all(fd(), data, size, std::span(&descriptor, 1));
}

sys::result channel::receive_bytes(void* data, std::size_t size, sys::unique_fd& descriptor) {
  std::size_t count = 0;
  return receive_all(fd(), data, size, std::span(&descriptor, 1), count);
}

void channel::send_with_descriptors(const void* data, std::size_t size, std::span<const int> descriptors) {
  sys::check("sendmsg", send_all(fd(), data, size, descriptors));
}

bool channel::receive_with_descriptors(void* data, std::size_t size, std::span<sys::unique_fd> descriptors) {
  std::array<pollfd, 1> waiting{{{fd(), POLLIN, 0}}};
  while (sys::check("poll", sys::poll(waiting, -1)) == 0) {
  }
  std::size_t count = 0;
  const int received = sys::check("recvmsg", receive_all(fd(), data, size, descriptors, count));
  if (received == 0) return false;
  if (static_cast<std::size_t>(received) != size || count != descriptors.size()) {
    throw sys::sys_error("recvmsg", EPROTO);
  }
  return true;
}

}  // namespace procpool::ipc
