#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "sys/result.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72  // Linux 5.14, newer than some headers: socket(7)
#endif

/// System calls on sockets. New ones are non-blocking; none of these waits.
namespace procpool::sys {

result socket(int family, int type);
result socket_pair(int type, int (&ends)[2]);
result bind(int socket, const sockaddr* address, socklen_t length);
result listen(int socket, int backlog);
result connect(int socket, const sockaddr* address, socklen_t length);
result accept(int listener, sockaddr* peer, socklen_t* length);
/// `how` as in shutdown(2).
result shut_down(int socket, int how);
result set_option(int socket, int level, int name, int value);
result option(int socket, int level, int name, void* value, socklen_t size);
result local_address(int socket, sockaddr* address, socklen_t* length);
result peer_address(int socket, sockaddr* address, socklen_t* length);
result send(int socket, const void* data, std::size_t size);
result receive(int socket, void* data, std::size_t size);
result send_message(int socket, const msghdr& message);
result receive_message(int socket, msghdr& message);

/// One transfer of which the kernel itself notes the length here, before the call returns. Where this lies in shared
/// memory, it is known what the call did even if its caller did not live to see it: recvmmsg(2), sendmmsg(2).
struct noted_transfer {
  static constexpr unsigned unknown = ~0U;  // the kernel has moved nothing

  iovec part;
  mmsghdr message;

  [[nodiscard]] std::size_t length() const { return message.msg_len == unknown ? 0 : message.msg_len; }
};
/// As receive(), but an error of the socket is told before the bytes that came earlier, and once.
result receive_noted(int socket, void* data, std::size_t size, noted_transfer& transfer);
/// As send().
result send_noted(int socket, const void* data, std::size_t size, noted_transfer& transfer);

}  // namespace procpool::sys
