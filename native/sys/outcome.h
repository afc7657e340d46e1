#pragma once

#include <cerrno>

#include "sys/result.h"

/// How the wrappers of this folder turn what the C library returned into a result. Included in sys/ only.
namespace procpool::sys {

inline result outcome(long value) { return value < 0 ? -errno : value; }

/// For calls that a signal may interrupt: they are made again.
template <typename Call>
result retry(Call call) {
  for (;;) {
    const long value = call();
    if (value >= 0) return value;
    if (errno != EINTR) return -errno;
  }
}

/// For calls that wait: if interrupted, they have found no event.
inline result waited(long count) { return count < 0 && errno == EINTR ? 0 : outcome(count); }

}  // namespace procpool::sys
