#include "supervisor/stop.h"

#include <algorithm>

namespace procpool::supervisor {
namespace {

bool is_recent(const std::optional<std::uint64_t>& time_ms, std::uint64_t now_ms) {
  return time_ms && now_ms - *time_ms < stop_requests::same_ms;
}

}  // namespace

request stop_requests::own(std::uint64_t now_ms) {
  const bool repeats = !own_ms_ && is_recent(passed_on_ms_, now_ms);
  own_ms_ = now_ms;
  return repeats ? request::repetition : count();
}

request stop_requests::passed_on(std::uint64_t now_ms) {
  passed_on_ms_ = now_ms;
  return is_recent(own_ms_, now_ms) ? request::repetition : count();
}

request stop_requests::count() { return ++counted_ == 1 ? request::first : request::again; }

bool stop::begin(std::uint64_t now_ms, std::uint64_t drain_ms) {
  const std::uint64_t ends = now_ms + drain_ms;
  if (stage_ == stage::running) {
    stage_ = stage::draining;
    ends_ms_ = ends;
    return true;
  }
  if (stage_ == stage::draining) ends_ms_ = std::min(*ends_ms_, ends);
  return false;
}

bool stop::expire(std::uint64_t now_ms) {
  if (stage_ != stage::draining) return false;
  stage_ = stage::expiring;
  wait_on(now_ms);
  return true;
}

void stop::kill(std::uint64_t now_ms) {
  stage_ = stage::killing;
  wait_on(now_ms);
}

}  // namespace procpool::supervisor
