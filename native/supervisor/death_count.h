#pragma once

#include <cstdint>
#include <utility>

#include "supervisor/backoff.h"

namespace procpool::supervisor {

/// How often a slot's worker has died in a row without any progress in between. Pure. Supervisor.
class death_count {
 public:
  /// Another death; `progress`: all that the slot's workers have done so far. True: it is one too many.
  bool add(std::uint64_t progress) {
    deaths_ = std::exchange(progress_, progress) == progress ? deaths_ + 1 : 0;
    return deaths_ >= backoff::max_idle_deaths;
  }

 private:
  std::uint64_t progress_ = 0;
  std::uint32_t deaths_ = 0;
};

}  // namespace procpool::supervisor
