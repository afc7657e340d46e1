#include "worker/connections/receive_buffer.h"

#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

// As much as every user may ask for by default. The kernel doubles it.
constexpr int wanted_bytes = 212'992;

}  // namespace

void enlarge_receive_buffer(int socket) {
  int bytes = 0;
  if (sys::option(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) < 0 || bytes >= 2 * wanted_bytes) return;
  if (sys::set_option(socket, SOL_SOCKET, SO_BUF_LOCK, 0) < 0) return;
  // What was possible a moment ago; where it is not, the buffer stays as it is.
  if (sys::set_option(socket, SOL_SOCKET, SO_RCVBUF, wanted_bytes) < 0) return;
  [[maybe_unused]] const sys::result unlocked = sys::set_option(socket, SOL_SOCKET, SO_BUF_LOCK, 0);
}

}  // namespace procpool::worker
