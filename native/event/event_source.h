#pragma once

#include <initializer_list>

#include "sys/unique_fd.h"

namespace procpool::event {

/// Signals as ordinary input: the handler writes the signal's number into a socketpair, the loop
/// reads it there. Supervisor and worker, one each. The pair is owned here; constructing one in a
/// forked child replaces what the child inherited.
class event_source {
 public:
  /// Installs the handler for `handled`, discards SIGPIPE, SIGHUP and SIGXFSZ (their causes are seen
  /// as EPIPE, as the host's end and as EFBIG), gives the other signals a pool could meet their
  /// default again, and then unblocks all: a fork is made with signals blocked, so that none runs
  /// the parent's handler in the child. Throws sys_error.
  explicit event_source(std::initializer_list<int> handled);
  ~event_source();
  event_source(const event_source&) = delete;
  event_source& operator=(const event_source&) = delete;

  /// To be watched for input.
  [[nodiscard]] int fd() const { return read_end_.get(); }

  /// The next signal that has arrived, or 0.
  int next();

 private:
  sys::unique_fd read_end_;
  sys::unique_fd write_end_;
};

}  // namespace procpool::event
