#pragma once

#include <initializer_list>

#include "sys/unique_fd.h"

namespace procpool::event {

/// Signals as ordinary input: the handler counts the signal and writes its number into a socketpair.
/// The byte only wakes the loop; what has arrived is in the counts, so that a full pair loses
/// nothing. Supervisor and worker, one each; owns the pair. Constructing it in a forked child replaces
/// the inherited one, and forgets the signals that the parent had not handed out yet.
class event_source {
 public:
  /// Installs the handler for `handled`, discards SIGPIPE and SIGXFSZ (their causes are seen as EPIPE
  /// and EFBIG) and, unless it is handled, what a user may send to the whole process group: SIGTERM,
  /// SIGINT, SIGQUIT, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2. Then it unblocks all: exec and fork are made with
  /// signals blocked, so that none kills the new process or runs the parent's handler in it. Throws
  /// sys_error.
  explicit event_source(std::initializer_list<int> handled);
  ~event_source();
  event_source(const event_source&) = delete;
  event_source& operator=(const event_source&) = delete;

  /// Watch it for input; on input, call next() until it returns 0.
  [[nodiscard]] int fd() const { return read_end_.get(); }

  /// A signal that has arrived, each as often as it did, or 0.
  int next();

 private:
  sys::unique_fd read_end_;
  sys::unique_fd write_end_;
};

}  // namespace procpool::event
