#include "supervisor/stop.h"

#include <algorithm>

namespace procpool::supervisor {
namespace {

bool is_recent(const std::optional<std::uint64_t>& time_ms, std::uint64_t now_ms) {
  return time_ms && now_ms - *time_ms < stop_requests::same_ms;
}

}  // namespace

request stop_requests::on_signal(std::uint64_t now_ms) {
  const bool repeats = !signal_ms_ && is_recent(host_signal_ms_, now_ms);
  signal_ms_ = now_ms;
  return repeats ? request::duplicate : add();
}

request stop_requests::on_host_signal(std::uint64_t now_ms) {
  host_signal_ms_ = now_ms;
  return is_recent(signal_ms_, now_ms) ? request::duplicate : add();
}

request stop_requests::add() { return ++count_ == 1 ? request::first : request::further; }

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
  extend(now_ms);
  return true;
}

void stop::kill(std::uint64_t now_ms) {
  stage_ = stage::killing;
  extend(now_ms);
}

}  // namespace procpool::supervisor
