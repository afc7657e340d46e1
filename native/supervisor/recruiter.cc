#include "supervisor/recruiter.h"

#include "supervisor/backoff.h"

namespace procpool::supervisor {

bool recruiter::is_needed() const {
  const worker_table& table = workers_.table();
  return queue_ && stop_.now() == stop::stage::draining &&
         table.count(phase::starting) + table.count(phase::ready) == 0;
}

void recruiter::on_time(std::uint64_t now_ms) {
  if (!is_needed()) return;
  if (queue_.length() == 0) return queue_.close();
  if (now_ms < next_try_ms_) return;
  if (!workers_.start_drainer(now_ms)) on_failure(now_ms);
}

void recruiter::on_failure(std::uint64_t now_ms) { next_try_ms_ = now_ms + backoff::delay_ms(++failures_); }

std::optional<std::uint64_t> recruiter::next_wake_ms() const {
  return is_needed() ? std::optional(next_try_ms_) : std::nullopt;
}

}  // namespace procpool::supervisor
