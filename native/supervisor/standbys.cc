#include "supervisor/standbys.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "supervisor/backoff.h"
#include "supervisor/records.h"
#include "sys/syscalls.h"

namespace procpool::supervisor {
namespace {

using ipc::standby_order;

constexpr std::uint32_t number_of(standby_order order) { return static_cast<std::uint32_t>(order); }

}  // namespace

standbys::standbys(ipc::pool_page& page, control& host) : page_(page), host_(host) {
  entries_.reserve(ipc::max_workers);
}

void standbys::begin(int slot) {
  const auto index = static_cast<std::size_t>(slot);
  if (index >= entries_.size()) entries_.resize(index + 1);
  ipc::slot_processes& processes = page_.processes[slot];
  for (ipc::seat& each : processes.seats) each.order.store(number_of(standby_order::wait));
  processes.finished.store(false);
  processes.crashed.store(false);
  processes.waiting.store(false);
}

void standbys::began(int slot, pid_t worker) {
  entries_[static_cast<std::size_t>(slot)] = {.serving = 0, .running = true, .retry_ms = {}};
  seat_at(slot, 0).pid.store(worker);
}

void standbys::keep(int slot, std::uint64_t now_ms) {
  entry& worker = entries_[static_cast<std::size_t>(slot)];
  if (!worker.running || (worker.retry_ms && now_ms < *worker.retry_ms)) return;
  for (std::size_t seat = 0; seat < ipc::slot_processes::count; ++seat) {
    if (seat_at(slot, seat).taken()) continue;
    const auto maker = find(slot, standby_order::wait);
    if (!maker) return;
    worker.retry_ms.reset();
    return give_order(slot, *maker, number_of(standby_order::multiply) + static_cast<std::uint32_t>(seat));
  }
}

void standbys::made(int slot, std::uint64_t now_ms) {
  failure_logged_ = false;
  keep(slot, now_ms);
}

/// Where all have been killed at once there is none until the worker itself is replaced: it has grown too large to be
/// copied.
void standbys::note_lack(int slot) {
  const auto& seats = page_.processes[slot].seats;
  const auto taken = std::count_if(seats.begin(), seats.end(), [](const ipc::seat& seat) { return seat.taken(); });
  if (taken == 1) log_failure(slot, ESRCH);
}

void standbys::log_failure(int slot, int error) {
  if (!std::exchange(failure_logged_, true)) host_.write(ipc::log_event::no_standby, with_error(error), slot);
}

void standbys::failed(int slot, std::uint64_t now_ms) {
  log_failure(slot, static_cast<int>(page_.processes[slot].failure.load()));
  entries_[static_cast<std::size_t>(slot)].retry_ms = now_ms + backoff::standby_ms;
}

void standbys::on_time(std::uint64_t now_ms) {
  for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
    const auto retry_ms = entries_[slot].retry_ms;
    if (retry_ms && *retry_ms <= now_ms) keep(static_cast<int>(slot), now_ms);
  }
}

std::optional<std::uint64_t> standbys::next_wake_ms() const {
  std::optional<std::uint64_t> next;
  for (const entry& worker : entries_) {
    if (worker.retry_ms) next = std::min(next.value_or(*worker.retry_ms), *worker.retry_ms);
  }
  return next;
}

bool standbys::ended(pid_t pid, std::uint64_t now_ms) {
  for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
    if (!entries_[slot].running) continue;
    for (ipc::seat& seat : page_.processes[slot].seats) {
      if (seat.pid.load() != pid) continue;
      seat.pid.store(0);
      keep(static_cast<int>(slot), now_ms);
      note_lack(static_cast<int>(slot));
      return true;
    }
  }
  return false;
}

std::optional<pid_t> standbys::wake(int slot, bool crashed) {
  entry& worker = entries_[static_cast<std::size_t>(slot)];
  ipc::slot_processes& processes = page_.processes[slot];
  seat_at(slot, worker.serving).pid.store(0);
  // Rather one that is not making another just now.
  auto next = find(slot, standby_order::wait);
  for (std::size_t seat = 0; !next && seat < ipc::slot_processes::count; ++seat) {
    if (seat_at(slot, seat).taken()) next = seat;
  }
  if (!next) return std::nullopt;
  processes.crashed.store(crashed);
  processes.waiting.store(false);
  processes.died_ns = sys::monotonic_ns();
  worker.serving = *next;
  give_order(slot, *next, number_of(standby_order::serve));
  return seat_at(slot, *next).pid.load();
}

void standbys::end(int slot) {
  entry& worker = entries_[static_cast<std::size_t>(slot)];
  if (!std::exchange(worker.running, false)) return;
  seat_at(slot, worker.serving).pid.store(0);
  worker.retry_ms.reset();
  // One that dies may have been making another: so all of them are looked at again until none is left.
  for (bool found = true; found;) {
    found = false;
    for (ipc::seat& seat : page_.processes[slot].seats) {
      if (!seat.taken()) continue;
      found = true;
      int status = 0;
      [[maybe_unused]] const sys::result killed = sys::kill(seat.pid.load(), SIGKILL);
      [[maybe_unused]] const sys::result reaped = sys::wait_for(seat.pid.load(), status, 0);
      seat.pid.store(0);
    }
  }
}

bool standbys::stands_by(int slot, std::size_t seat) const {
  return seat != entries_[static_cast<std::size_t>(slot)].serving && seat_at(slot, seat).taken();
}

/// One that has this order.
std::optional<std::size_t> standbys::find(int slot, standby_order order) const {
  for (std::size_t seat = 0; seat < ipc::slot_processes::count; ++seat) {
    if (stands_by(slot, seat) && seat_at(slot, seat).order.load() == number_of(order)) return seat;
  }
  return std::nullopt;
}

void standbys::give_order(int slot, std::size_t seat, std::uint32_t order) {
  std::atomic<std::uint32_t>& word = seat_at(slot, seat).order;
  word.store(order);
  sys::wake(word);
}

}  // namespace procpool::supervisor
