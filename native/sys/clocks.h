#pragma once

#include <cstdint>
#include <ctime>

/// The clocks.
namespace procpool::sys {

std::uint64_t monotonic_ns();
inline std::uint64_t monotonic_ms() { return monotonic_ns() / 1'000'000; }
std::uint64_t wall_ns();
/// Seconds since 1970, cheaper.
time_t wall_seconds();

}  // namespace procpool::sys
