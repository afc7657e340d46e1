#include "sys/processes.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sys/outcome.h"

namespace procpool::sys {

pid_t process_id() { return ::getpid(); }
pid_t parent_id() { return ::getppid(); }

result fork() { return outcome(::fork()); }

// The third argument is the same on every architecture that Node runs on but s390, where the first two are swapped.
result fork_with_descriptors(std::atomic<std::int32_t>& pid) {
  constexpr unsigned long flags = CLONE_FILES | CLONE_PARENT | CLONE_PARENT_SETTID;
#ifdef __s390x__
  return outcome(::syscall(SYS_clone, nullptr, flags, &pid, nullptr, nullptr));
#else
  return outcome(::syscall(SYS_clone, flags, nullptr, &pid, nullptr, nullptr));
#endif
}

void exit_now(int status) { ::_exit(status); }

result kill(pid_t pid, int signal) { return outcome(::kill(pid, signal)); }

// By number, which is the same on every architecture: the C library may know neither.
result open_process(pid_t pid) {
  constexpr long number = 434;
  return outcome(::syscall(number, pid, 0));
}

result signal_process(int process, int signal) {
  constexpr long number = 424;
  return outcome(::syscall(number, process, signal, nullptr, 0));
}

result wait_for(pid_t pid, int& status, int flags) {
  return retry([&] { return ::waitpid(pid, &status, flags); });
}

result signal_on_parent_death(int signal) { return outcome(::prctl(PR_SET_PDEATHSIG, signal)); }

void name_process(const char* name) { ::prctl(PR_SET_NAME, name); }

}  // namespace procpool::sys
