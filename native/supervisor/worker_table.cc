#include "supervisor/worker_table.h"

#include <algorithm>

#include "supervisor/backoff.h"

namespace procpool::supervisor {
namespace {

bool runs(const worker_entry& entry) {
  return entry.now == phase::starting || entry.now == phase::ready || entry.now == phase::retiring;
}

bool is_member(const worker_entry& entry) { return entry.now != phase::empty && entry.now != phase::retiring; }

bool has_given_up(const worker_entry& entry) { return entry.failed_starts >= backoff::give_up_after; }

}  // namespace

surplus worker_table::resize(std::size_t target, std::uint64_t now_ms) {
  if (stopped_) return {};
  if (!previous_target_ && target_ > 0) previous_target_ = target_;
  target_ = target;
  add_members(now_ms);
  surplus left = remove_members();
  check_reached();
  return left;
}

surplus worker_table::fall_back(std::uint64_t now_ms) {
  surplus left = resize(previous_target_.value_or(target_), now_ms);
  previous_target_.reset();
  return left;
}

void worker_table::check_reached() {
  if (count(phase::ready) >= target_) previous_target_.reset();
}

bool worker_table::hopeless() const {
  return std::none_of(entries_.begin(), entries_.end(), runs) &&
         std::all_of(entries_.begin(), entries_.end(),
                     [](const worker_entry& entry) { return !is_member(entry) || has_given_up(entry); });
}

bool worker_table::short_of_workers() const { return std::any_of(entries_.begin(), entries_.end(), has_given_up); }

surplus worker_table::remove_members() {
  std::size_t count = members();
  surplus left;
  for (std::size_t slot = entries_.size(); slot-- > 0 && count > target_;) {
    if (entries_[slot].now != phase::waiting) continue;
    --count;
    entries_[slot] = {};
    left.dropped.push_back(static_cast<int>(slot));
  }
  for (std::size_t slot = entries_.size(); slot-- > 0 && count > target_;) {
    if (!is_member(entries_[slot])) continue;
    --count;
    entries_[slot].now = phase::retiring;
    left.retiring.push_back(static_cast<int>(slot));
  }
  return left;
}

void worker_table::add_members(std::uint64_t now_ms) {
  std::size_t count = members();
  for (std::size_t slot = 0; count < target_ && slot < capacity_; ++slot) {
    if (slot == entries_.size()) entries_.emplace_back();
    if (entries_[slot].now != phase::empty) continue;
    entries_[slot] = {.now = phase::waiting, .wake_ms = now_ms};
    ++count;
  }
}

void worker_table::stop() {
  stopped_ = true;
  for (auto& entry : entries_) {
    if (entry.now == phase::waiting) entry = {};
  }
}

std::optional<int> worker_table::recruit(std::uint64_t now_ms) {
  for (std::size_t slot = 0; slot < capacity_; ++slot) {
    if (slot == entries_.size()) entries_.emplace_back();
    if (entries_[slot].now != phase::empty) continue;
    entries_[slot] = {.now = phase::waiting, .wake_ms = now_ms};
    return static_cast<int>(slot);
  }
  return std::nullopt;
}

std::optional<int> worker_table::due(std::uint64_t now_ms) const {
  for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
    if (entries_[slot].now == phase::waiting && entries_[slot].wake_ms <= now_ms) return static_cast<int>(slot);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> worker_table::next_wake_ms() const {
  std::optional<std::uint64_t> next;
  for (const auto& entry : entries_) {
    if (entry.now == phase::waiting) next = std::min(next.value_or(entry.wake_ms), entry.wake_ms);
  }
  return next;
}

void worker_table::started(int slot, pid_t pid, std::uint64_t now_ms) {
  worker_entry& worker = entry(slot);
  worker.now = phase::starting;
  worker.pid = pid;
  worker.started_ms = now_ms;
}

void worker_table::ready(int slot) {
  worker_entry& worker = entry(slot);
  worker.failed_starts = 0;
  if (worker.now == phase::starting) worker.now = phase::ready;
  check_reached();
}

bool worker_table::leaving(int slot, std::uint64_t now_ms) {
  if (stopped_ || !is_member(entry(slot))) return false;
  entry(slot).now = phase::retiring;
  add_members(now_ms);
  return true;
}

restart_plan worker_table::start_failed(int slot, std::uint64_t now_ms) {
  ++entry(slot).failed_starts;
  ++entry(slot).young_deaths;
  return replace(slot, now_ms);
}

restart_plan worker_table::ended(int slot, std::uint64_t now_ms) {
  worker_entry& worker = entry(slot);
  worker.pid = 0;
  if (worker.now == phase::starting) ++worker.failed_starts;
  worker.young_deaths = now_ms - worker.started_ms < backoff::young_ms ? worker.young_deaths + 1 : 0;
  return replace(slot, now_ms);
}

restart_plan worker_table::replace(int slot, std::uint64_t now_ms) {
  worker_entry& worker = entry(slot);
  if (stopped_) {
    worker = {};
    return {};
  }
  if (worker.now == phase::retiring) {
    worker = {};
    add_members(now_ms);
    return {};
  }
  const std::uint64_t delay = backoff::delay_ms(worker.young_deaths);
  worker.now = phase::waiting;
  worker.wake_ms = now_ms + delay;
  return {.replaced = true, .given_up = has_given_up(worker), .delay_ms = delay};
}

std::optional<int> worker_table::slot_of(pid_t pid) const {
  for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
    if (runs(entries_[slot]) && entries_[slot].pid == pid) return static_cast<int>(slot);
  }
  return std::nullopt;
}

std::size_t worker_table::count(phase which) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [which](const auto& entry) { return entry.now == which; }));
}

std::vector<int> worker_table::alive() const {
  std::vector<int> slots;
  for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
    if (runs(entries_[slot])) slots.push_back(static_cast<int>(slot));
  }
  return slots;
}

std::size_t worker_table::members() const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_member));
}

}  // namespace procpool::supervisor
