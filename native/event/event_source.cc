#include "event/event_source.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "sys/sys_error.h"

namespace procpool::event {
namespace {

// A handler has no other way to find the process's event_source.
volatile std::sig_atomic_t handler_fd = -1;

void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<std::uint8_t>(number);
  // A full pair already holds thousands of unread signals; one more would tell the loop nothing new.
  [[maybe_unused]] const sys::result sent = sys::send(handler_fd, &byte, sizeof byte);
  errno = saved;
}

void set_handler(int number, void (*handler)(int)) {
  sys::check("sigaction", sys::set_signal_handler(number, handler));
}

}  // namespace

event_source::event_source(std::initializer_list<int> handled) {
  int ends[2];
  sys::check("socketpair", sys::socket_pair(SOCK_STREAM, ends));
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  handler_fd = write_end_.get();

  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGALRM, SIGUSR1, SIGUSR2}) {
    const bool wanted = std::find(handled.begin(), handled.end(), number) != handled.end();
    set_handler(number, wanted ? on_signal : SIG_DFL);
  }
  for (const int number : {SIGPIPE, SIGHUP, SIGXFSZ}) set_handler(number, SIG_IGN);
  sys::unblock_signals();
}

event_source::~event_source() { handler_fd = -1; }

int event_source::next() {
  std::uint8_t number = 0;
  return sys::receive(read_end_.get(), &number, sizeof number) == sizeof number ? number : 0;
}

}  // namespace procpool::event
