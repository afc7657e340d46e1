#include "event/event_source.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "sys/sys_error.h"

namespace procpool::event {
namespace {

// A handler has no other way to find the process's event_source.
volatile std::sig_atomic_t handler_fd = -1;

using count = std::atomic<std::uint32_t>;
static_assert(count::is_always_lock_free);

// By number: those that have arrived and are not handed out. The handler adds, the loop takes away.
std::array<count, NSIG> arrived{};

void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<std::uint8_t>(number);
  // Counted first, so that the count is there for whoever is woken by the byte.
  arrived[byte].fetch_add(1);
  // A full pair wakes the loop as well.
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
  for (count& signals : arrived) signals.store(0);

  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGALRM}) {
    const bool wanted = std::find(handled.begin(), handled.end(), number) != handled.end();
    // Were SIGCHLD ignored, children would be reaped unseen.
    const auto unwanted = number == SIGCHLD ? SIG_DFL : SIG_IGN;
    set_handler(number, wanted ? on_signal : unwanted);
  }
  for (const int number : {SIGPIPE, SIGXFSZ, SIGHUP, SIGUSR1, SIGUSR2}) set_handler(number, SIG_IGN);
  sys::unblock_signals();
}

event_source::~event_source() { handler_fd = -1; }

int event_source::next() {
  // Bytes before counts: what arrives in between is found, or leaves a byte that wakes the loop again.
  std::array<std::uint8_t, 512> bytes;
  while (sys::receive(read_end_.get(), bytes.data(), bytes.size()) == sys::result{bytes.size()}) {
  }
  for (std::size_t number = 1; number < arrived.size(); ++number) {
    if (arrived[number].load() == 0) continue;
    arrived[number].fetch_sub(1);
    return static_cast<int>(number);
  }
  return 0;
}

}  // namespace procpool::event
