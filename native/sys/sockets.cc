#include "sys/sockets.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "sys/outcome.h"

namespace procpool::sys {
namespace {

// By number: one C library has a loop of sendmsg(2) calls instead, and notes the length itself.
result transfer_noted(long number, int socket, void* data, std::size_t size, int flags, noted_transfer& transfer) {
  transfer.part = {data, size};
  transfer.message = {};
  transfer.message.msg_hdr.msg_iov = &transfer.part;
  transfer.message.msg_hdr.msg_iovlen = 1;
  transfer.message.msg_len = noted_transfer::unknown;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const result done = retry([&] { return ::syscall(number, socket, &transfer.message, 1, flags, nullptr); });
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return done < 0 ? done : static_cast<result>(transfer.length());
}

}  // namespace

result socket(int family, int type) { return outcome(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

result socket_pair(int type, int (&ends)[2]) {
  return outcome(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
}

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

result peer_address(int socket, sockaddr* address, socklen_t* length) {
  return outcome(::getpeername(socket, address, length));
}

result send(int socket, const void* data, std::size_t size) {
  return retry([&] { return ::send(socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

result receive(int socket, void* data, std::size_t size) {
  return retry([&] { return ::recv(socket, data, size, MSG_DONTWAIT); });
}

result receive_noted(int socket, void* data, std::size_t size, noted_transfer& transfer) {
  return transfer_noted(SYS_recvmmsg, socket, data, size, MSG_DONTWAIT, transfer);
}

result send_noted(int socket, const void* data, std::size_t size, noted_transfer& transfer) {
  return transfer_noted(SYS_sendmmsg, socket, const_cast<void*>(data), size, MSG_DONTWAIT | MSG_NOSIGNAL, transfer);
}

result send_message(int socket, const msghdr& message) {
  return retry([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); });
}

result receive_message(int socket, msghdr& message) {
  return retry([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
}

}  // namespace procpool::sys
