#include "sys/signals.h"

#include <sys/time.h>

#include <csignal>

#include "sys/outcome.h"

namespace procpool::sys {
namespace {

void change_signal_mask(int operation) {
  sigset_t signals;
  sigfillset(&signals);
  ::sigprocmask(operation, &signals, nullptr);
}

}  // namespace

result set_signal_handler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  return outcome(::sigaction(signal, &action, nullptr));
}

void block_signals() { change_signal_mask(SIG_BLOCK); }
void unblock_signals() { change_signal_mask(SIG_UNBLOCK); }

result set_interval_timer(std::uint64_t delay_us) {
  constexpr std::uint64_t second_us = 1'000'000;
  itimerval setting{};
  setting.it_value.tv_sec = static_cast<time_t>(delay_us / second_us);
  setting.it_value.tv_usec = static_cast<suseconds_t>(delay_us % second_us);
  return outcome(::setitimer(ITIMER_REAL, &setting, nullptr));
}

}  // namespace procpool::sys
