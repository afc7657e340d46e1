#pragma once

#include <algorithm>
#include <cstdint>

/// How long the supervisor waits before it tries again what failed. Pure.
namespace procpool::supervisor::backoff {

/// A worker that lived for less died young.
constexpr std::uint64_t young_ms = 1000;

/// Failed starts in a row after which the pool gives up: the worker died before it was ready, or could not be forked.
constexpr std::uint32_t give_up_after = 10;

constexpr std::uint64_t first_delay_ms = 10;
constexpr std::uint64_t max_delay_ms = 1000;

/// After a worker had no descriptor for what it was told to do: the shortage is the machine's.
constexpr std::uint64_t shortage_ms = 50;

/// After a standby could not be made.
constexpr std::uint64_t standby_ms = 1000;

/// Deaths of a slot's worker in a row, without any progress in between, after which its connections are given up.
constexpr std::uint32_t max_idle_deaths = 10;

/// When a worker that ended is started again: at once, unless it keeps dying young. `deaths`: how many times it
/// has in a row. In ms.
constexpr std::uint64_t delay_ms(std::uint32_t deaths) {
  if (deaths < 2) return 0;
  return std::min(first_delay_ms << std::min(deaths - 2, 16U), max_delay_ms);
}

}  // namespace procpool::supervisor::backoff
