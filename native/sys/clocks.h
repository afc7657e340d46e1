#pragma once

#include <cstdint>
#include <ctime>

/// The clocks, in nanoseconds.
namespace procpool::sys {

std::uint64_t monotonic_ns();
std::uint64_t wall_ns();
/// Seconds since 1970, cheaper.
time_t wall_seconds();

}  // namespace procpool::sys
