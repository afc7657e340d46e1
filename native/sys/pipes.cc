#include "sys/pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include "sys/outcome.h"

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif

namespace procpool::sys {

result pipe(int (&ends)[2], blocking mode) {
  return outcome(::pipe2(ends, O_CLOEXEC | (mode == blocking::no ? O_NONBLOCK : 0)));
}

result pipe_size(int fd) { return outcome(::fcntl(fd, F_GETPIPE_SZ)); }

result set_pipe_size(int fd, int bytes) { return outcome(::fcntl(fd, F_SETPIPE_SZ, bytes)); }

result splice(int from, int to, std::size_t size) {
  return retry([&] { return ::splice(from, nullptr, to, nullptr, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
}

}  // namespace procpool::sys
