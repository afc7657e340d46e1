#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "bind.h"
#include "sys/unique_fd.h"
#include "worker/connections/receive_buffer.h"

/// Descriptors that Node has no way to make, and calls that it has no way to make on them.
namespace procpool::testing {
namespace {

using pair = std::vector<int>;

pair make_pipe() {
  int ends[2];
  sys::check("pipe2", sys::pipe(ends, sys::blocking::yes));
  return {ends[0], ends[1]};
}

/// Blocking, as a shell's or an app's are.
pair socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) throw sys::sys_error("socketpair", errno);
  return {ends[0], ends[1]};
}

void await_input(int fd) {
  std::array<pollfd, 1> waiting{{{fd, POLLIN, 0}}};
  while (sys::check("poll", sys::poll(waiting, -1)) == 0) {
  }
}

/// A client and its connection, as a pool's listener makes them: non-blocking, urgent data inline.
pair tcp_pair() {
  const sys::unique_fd listener(sys::check("socket", sys::socket(AF_INET, SOCK_STREAM)));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  sys::check("setsockopt", sys::set_option(listener.get(), SOL_SOCKET, SO_OOBINLINE, 1));
  sys::check("bind", sys::bind(listener.get(), generic, length));
  sys::check("listen", sys::listen(listener.get(), 1));
  sys::check("getsockname", sys::local_address(listener.get(), generic, &length));
  sys::unique_fd client(sys::check("socket", sys::socket(AF_INET, SOCK_STREAM)));
  const sys::result connected = sys::connect(client.get(), generic, length);
  if (connected != -EINPROGRESS) sys::check("connect", connected);
  await_input(listener.get());
  const int connection = sys::check("accept4", sys::accept(listener.get(), nullptr, nullptr));
  return {client.release(), connection};
}

/// A terminal's two sides; what is written to the second arrives unchanged at the first.
pair terminal_pair() {
  sys::unique_fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master || ::grantpt(master.get()) < 0 || ::unlockpt(master.get()) < 0) {
    throw sys::sys_error("posix_openpt", errno);
  }
  char name[64];
  if (const int error = ::ptsname_r(master.get(), name, sizeof name); error != 0) {
    throw sys::sys_error("ptsname_r", error);
  }
  sys::unique_fd slave(sys::check("open", sys::open(name, O_RDWR | O_NOCTTY)));
  termios modes{};
  if (::tcgetattr(slave.get(), &modes) < 0) throw sys::sys_error("tcgetattr", errno);
  ::cfmakeraw(&modes);
  if (::tcsetattr(slave.get(), TCSANOW, &modes) < 0) throw sys::sys_error("tcsetattr", errno);
  return {master.release(), slave.release()};
}

long send_urgent(int socket, std::span<const std::uint8_t> bytes) {
  return ::send(socket, bytes.data(), bytes.size(), MSG_OOB | MSG_NOSIGNAL);
}

int receive_buffer(int socket) {
  int bytes = 0;
  sys::check("getsockopt", sys::option(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes));
  return bytes;
}

/// SO_BUF_LOCK: 1 the buffer for sending, 2 that for receiving; negative before Linux 5.14.
int locked_buffers(int socket) {
  int locks = 0;
  const sys::result got = sys::option(socket, SOL_SOCKET, SO_BUF_LOCK, &locks, sizeof locks);
  return got < 0 ? static_cast<int>(got) : locks;
}

/// Of a TCP socket: what its peer has not acknowledged, see tcp(7). Negative: the socket is closed.
long unacknowledged(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

bool has_input(int fd, int timeout_ms) {
  std::array<pollfd, 1> waiting{{{fd, POLLIN, 0}}};
  return sys::check("poll", sys::poll(waiting, timeout_ms)) > 0;
}

}  // namespace

void show_descriptors(Napi::Object exports) {
  method(exports, "pipe", make_pipe);
  method(exports, "socketPair", socket_pair);
  method(exports, "tcpPair", tcp_pair);
  method(exports, "terminalPair", terminal_pair);
  method(exports, "setPipeSize", [](int fd, int bytes) { return sys::set_pipe_size(fd, bytes); });
  method(exports, "sendUrgent", send_urgent);
  method(exports, "send",
         [](int fd, std::span<const std::uint8_t> bytes) { return sys::send(fd, bytes.data(), bytes.size()); });
  method(exports, "splice", [](int from, int to, std::size_t size) { return sys::splice(from, to, size); });
  method(exports, "readableBytes", [](int fd) { return sys::readable_bytes(fd); });
  method(exports, "unacknowledged", unacknowledged);
  method(exports, "hasInput", has_input);
  method(exports, "receiveBuffer", receive_buffer);
  method(exports, "lockedBuffers", locked_buffers);
  method(exports, "setReceiveBuffer",
         [](int fd, int bytes) { return sys::set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes); });
  method(exports, "makeReceiveRoom", worker::enlarge_receive_buffer);
}

}  // namespace procpool::testing
