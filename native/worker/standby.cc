#include "worker/standby.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>

#include "sys/syscalls.h"

namespace procpool::worker {

using ipc::standby_order;

bool standby::begin() {
  if (!fork_into(1)) return false;
  wait_for_turn();
  return true;
}

/// True in the new process, which is in that seat.
bool standby::fork_into(std::size_t seat) {
  // Not what the process had been told that was there before.
  processes_.seats[seat].order.store(static_cast<std::uint32_t>(standby_order::wait));
  const sys::result pid = sys::fork_with_descriptors(processes_.seats[seat].pid);
  if (pid == 0) {
    seat_ = seat;
    sys::set_title("standby " + std::to_string(slot_));
    sys::name_process((std::string(ipc::standby_name) + std::to_string(slot_)).c_str());
    end_with_supervisor(SIGKILL);
    return true;
  }
  if (pid < 0) processes_.failure.store(static_cast<std::uint32_t>(-pid));
  const auto report = pid < 0 ? ipc::worker_report::no_standby : ipc::worker_report::standby;
  // The supervisor reads every report, so there is room for it; if it is gone, so is this process.
  [[maybe_unused]] const sys::result sent = channel_.send(report);
  return false;
}

/// In whichever process it returns, that one is the worker.
void standby::wait_for_turn() {
  constexpr auto wait = static_cast<std::uint32_t>(standby_order::wait);
  for (;;) {
    std::atomic<std::uint32_t>& word = processes_.seats[seat_].order;
    std::uint32_t order = word.load();
    if (order == wait) {
      sys::wait_while(word, wait);
    } else if (order != static_cast<std::uint32_t>(standby_order::serve)) {
      const bool is_new = fork_into(order - static_cast<std::uint32_t>(standby_order::multiply));
      // Unless it is its turn by now.
      if (!is_new) word.compare_exchange_strong(order, wait);
    } else if (!is_last() || !fork_into(free_seat())) {
      return end_with_supervisor(SIGTERM);
    }
  }
}

bool standby::is_last() const {
  return std::none_of(processes_.seats.begin(), processes_.seats.end(),
                      [this](const ipc::seat& seat) { return &seat != &processes_.seats[seat_] && seat.taken(); });
}

std::size_t standby::free_seat() const { return (seat_ + 1) % ipc::slot_processes::count; }

void standby::end_with_supervisor(int signal) const {
  const bool asked = sys::signal_on_parent_death(signal) >= 0;
  // It may have died before the kernel was asked.
  if (!asked || sys::parent_id() != supervisor_) sys::exit_now(EXIT_FAILURE);
}

}  // namespace procpool::worker
