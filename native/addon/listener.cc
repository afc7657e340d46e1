#include "addon/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <memory>

#include "addon/socket_path.h"
#include "sys/sys_error.h"

namespace procpool::addon {
namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

address_list numeric_address(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    throw sys::sys_error("listen", EADDRNOTAVAIL);
  }
  return {found, &freeaddrinfo};
}

endpoint bound_to(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  sys::check("getsockname", sys::local_address(fd, reinterpret_cast<sockaddr*>(&address), &length));
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(reinterpret_cast<sockaddr*>(&address), length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    throw sys::sys_error("getnameinfo", EINVAL);
  }
  return {.host = host, .port = static_cast<std::uint16_t>(std::stoi(port)), .path = {}};
}

listener listen_tcp(const endpoint& wanted, int backlog) {
  const address_list address = numeric_address(wanted.host, wanted.port);
  sys::unique_fd fd(sys::check("socket", sys::socket(address->ai_family, SOCK_STREAM)));
  // Accepted sockets inherit these. Urgent data stays in the stream, a peer that vanished ends, and
  // no reply waits for the acknowledgement of the one before.
  sys::check("setsockopt", sys::set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1));
  sys::check("setsockopt", sys::set_option(fd.get(), SOL_SOCKET, SO_OOBINLINE, 1));
  sys::check("setsockopt", sys::set_option(fd.get(), SOL_SOCKET, SO_KEEPALIVE, 1));
  sys::check("setsockopt", sys::set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1));
  if (address->ai_family == AF_INET6) {
    sys::check("setsockopt", sys::set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0));
  }
  sys::check("listen", sys::bind(fd.get(), address->ai_addr, address->ai_addrlen));
  sys::check("listen", sys::listen(fd.get(), backlog));
  endpoint bound = bound_to(fd.get());
  return {std::move(fd), std::move(bound), address->ai_family};
}

listener listen_everywhere(const endpoint& wanted, int backlog) {
  try {
    return listen_tcp({.host = "::", .port = wanted.port, .path = {}}, backlog);
  } catch (const sys::sys_error& failure) {
    const bool no_ipv6 = failure.number() == EAFNOSUPPORT || failure.number() == EADDRNOTAVAIL;
    if (!no_ipv6) throw;
    return listen_tcp({.host = "0.0.0.0", .port = wanted.port, .path = {}}, backlog);
  }
}

}  // namespace

std::string endpoint::text() const {
  if (!path.empty()) return path;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

listener listen_at(const endpoint& wanted, int backlog) {
  if (!wanted.path.empty()) {
    return {listen_at_path(wanted.path, backlog), {.host = {}, .port = 0, .path = wanted.path}, AF_UNIX};
  }
  return wanted.host.empty() ? listen_everywhere(wanted, backlog) : listen_tcp(wanted, backlog);
}

}  // namespace procpool::addon
