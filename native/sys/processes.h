#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "sys/result.h"

/// System calls on processes.
namespace procpool::sys {

pid_t process_id();
pid_t parent_id();
result fork();
/// As fork(), but the child shares this process's descriptor table and is its sibling: clone(2). The kernel stores the
/// child's number in `pid` before the call returns, and before the child runs.
result fork_with_descriptors(std::atomic<std::int32_t>& pid);
/// _exit(2): nothing is closed or destroyed that others go on with.
[[noreturn]] void exit_now(int status);
result kill(pid_t pid, int signal);
/// A descriptor of that very process, pidfd_open(2): -ENOSYS before Linux 5.3.
result open_process(pid_t pid);
/// pidfd_send_signal(2).
result signal_process(int process, int signal);
/// waitpid(2); `flags` as there.
result wait_for(pid_t pid, int& status, int flags);
/// Asks the kernel for `signal` when the thread that forked this process ends.
result signal_on_parent_death(int signal);
void name_process(const char* name);

}  // namespace procpool::sys
