#pragma once

#include <sys/socket.h>

#include <span>
#include <type_traits>
#include <utility>

#include "sys/unique_fd.h"

namespace procpool::ipc {

/// One end of a socketpair, owned. Never waits and raises no SIGPIPE: a full channel is -EAGAIN,
/// a closed other end 0 bytes or -EPIPE. Any process.
class channel {
 public:
  channel() = default;
  explicit channel(sys::unique_fd end) : end_(std::move(end)) {}

  /// Both ends of a new one. `type` is SOCK_SEQPACKET where messages are structures, SOCK_STREAM
  /// where they are bytes. Throws sys_error.
  static std::pair<channel, channel> make_pair(int type);

  [[nodiscard]] int fd() const { return end_.get(); }
  explicit operator bool() const { return static_cast<bool>(end_); }
  void close() { end_.reset(); }

  [[nodiscard]] sys::result send_bytes(const void* data, std::size_t size) { return sys::send(fd(), data, size); }
  [[nodiscard]] sys::result receive_bytes(void* data, std::size_t size) { return sys::receive(fd(), data, size); }

  template <typename Message>
  [[nodiscard]] sys::result send(const Message& message) {
    static_assert(std::is_trivially_copyable_v<Message>);
    return send_bytes(&message, sizeof message);
  }

  template <typename Message>
  [[nodiscard]] sys::result receive(Message& message) {
    static_assert(std::is_trivially_copyable_v<Message>);
    return receive_bytes(&message, sizeof message);
  }

  /// The same, with the descriptor that came along. None: none did, or this process is at its limit.
  [[nodiscard]] sys::result receive_bytes(void* data, std::size_t size, sys::unique_fd& descriptor);
  /// The same, with a copy of a descriptor.
  [[nodiscard]] sys::result send_bytes(const void* data, std::size_t size, int descriptor);

  template <typename Message>
  [[nodiscard]] sys::result receive(Message& message, sys::unique_fd& descriptor) {
    static_assert(std::is_trivially_copyable_v<Message>);
    return receive_bytes(&message, sizeof message, descriptor);
  }

  template <typename Message>
  [[nodiscard]] sys::result send(const Message& message, int descriptor) {
    static_assert(std::is_trivially_copyable_v<Message>);
    return send_bytes(&message, sizeof message, descriptor);
  }

  /// The other end is closed; messages may be left.
  [[nodiscard]] bool hung_up() const;

  /// One message together with copies of descriptors, see unix(7). Throws sys_error.
  void send_with_descriptors(const void* data, std::size_t size, std::span<const int> descriptors);

  /// Its counterpart; waits for the message. `descriptors` receives ownership. False: the other end
  /// closed instead. Throws sys_error, also for a message of another shape.
  bool receive_with_descriptors(void* data, std::size_t size, std::span<sys::unique_fd> descriptors);

 private:
  sys::unique_fd end_;
};

}  // namespace procpool::ipc
