#include "event/interval_timer.h"

#include <algorithm>

#include "sys/sys_error.h"

namespace procpool::event {

void interval_timer::set(std::uint64_t delay_ns) {
  // 0 would stop it.
  const std::uint64_t delay_us = std::max<std::uint64_t>((delay_ns + 999) / 1000, 1);
  sys::check("setitimer", sys::set_interval_timer(delay_us));
  running_ = true;
}

void interval_timer::stop() {
  if (!running_) return;
  // Has no errors that 0 could be answered with.
  [[maybe_unused]] const sys::result stopped = sys::set_interval_timer(0);
  running_ = false;
}

}  // namespace procpool::event
