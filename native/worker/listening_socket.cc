#include "worker/listening_socket.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace procpool::worker {
namespace {

// Other errors are of a connection that broke before it was accepted, and gone with it: accept(2).
constexpr int max_attempts = 64;

ipc::peer_address compact(const sockaddr_storage& address) {
  ipc::peer_address peer{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    peer.port = ntohs(v4.sin_port);
    std::memcpy(peer.bytes, &v4.sin_addr, sizeof v4.sin_addr);
    peer.family = AF_INET;
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    peer.port = ntohs(v6.sin6_port);
    peer.scope = v6.sin6_scope_id;
    peer.family = mapped ? AF_INET : AF_INET6;
    std::memcpy(peer.bytes, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
  }
  return peer;
}

}  // namespace

bool is_exhaustion(sys::result failure) {
  return failure == -EMFILE || failure == -ENFILE || failure == -ENOBUFS || failure == -ENOMEM;
}

ipc::peer_address peer_of(int connection) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  // Fails for a client that has gone: it has no address any more.
  [[maybe_unused]] const sys::result found =
      sys::peer_address(connection, reinterpret_cast<sockaddr*>(&address), &length);
  return compact(address);
}

bool is_accepted_from(int listener, int socket) {
  sockaddr_storage there{};
  sockaddr_storage here{};
  socklen_t there_length = sizeof there;
  socklen_t here_length = sizeof here;
  if (sys::local_address(listener, reinterpret_cast<sockaddr*>(&there), &there_length) < 0) return false;
  if (sys::local_address(socket, reinterpret_cast<sockaddr*>(&here), &here_length) < 0) return false;
  // A worker's other sockets are pairs, which have no name.
  return here.ss_family == there.ss_family && (here.ss_family != AF_UNIX || here_length == there_length);
}

void keep_urgent_data(int connection, sa_family_t family) {
  if (family != AF_UNIX) return;
  [[maybe_unused]] const sys::result set = sys::set_option(connection, SOL_SOCKET, SO_OOBINLINE, 1);
}

listening_socket::listening_socket(int listener, bool& closed) : closed_(closed), listener_(closed ? -1 : listener) {
  take_spare();
}

void listening_socket::close() {
  closed_ = true;
  listener_.reset();
}

sys::result listening_socket::accept(ipc::peer_address& peer) {
  if (!listener_) return -EAGAIN;
  if (lent_) return -EMFILE;
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const sys::result fd = sys::accept(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    if (fd >= 0) {
      peer = compact(address);
      keep_urgent_data(static_cast<int>(fd), address.ss_family);
    }
    if (fd >= 0 || fd == -EAGAIN || is_exhaustion(fd)) return fd;
  }
  return -EAGAIN;
}

sys::result listening_socket::refuse(ipc::peer_address& peer) {
  if (lent_) return -EMFILE;
  spare_.reset();
  const sys::result fd = accept(peer);
  if (fd >= 0) sys::close(static_cast<int>(fd));
  take_spare();
  return fd < 0 ? fd : 0;
}

void listening_socket::lend_spare() {
  lent_ = true;
  spare_.reset();
}

void listening_socket::take_back_spare() {
  if (std::exchange(lent_, false)) take_spare();
}

void listening_socket::take_spare() {
  const sys::result fd = sys::open("/dev/null", O_RDONLY);
  if (fd >= 0) spare_.reset(static_cast<int>(fd));
}

}  // namespace procpool::worker
