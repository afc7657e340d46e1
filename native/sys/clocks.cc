#include "sys/clocks.h"

namespace procpool::sys {
namespace {

std::uint64_t clock_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::uint64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }
std::uint64_t wall_ns() { return clock_ns(CLOCK_REALTIME); }
time_t wall_seconds() { return std::time(nullptr); }

}  // namespace procpool::sys
