#pragma once

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "bench.h"

namespace chaos {

/// The status with which a program ends that may not trace.
constexpr int not_permitted = 77;

/// Another process, stopped, of which single instructions are run: ptrace(2). x86-64. Goes on, or is dead, with this
/// object.
class traced_process {
 public:
  /// Stops it, and pins it and this program to one processor. Ends the program where that is not permitted; see dead().
  explicit traced_process(pid_t pid) : pid_(pid) {
    if (call(PTRACE_SEIZE, PTRACE_O_EXITKILL) < 0) {
      if (errno == ESRCH) return;
      std::fprintf(stderr, "processes cannot be traced here: %s\n", std::strerror(errno));
      std::_Exit(not_permitted);
    }
    alive_ = true;
    stay_here();
    bench::check("ptrace", bench::outcome(call(PTRACE_INTERRUPT)));
    wait();
  }
  ~traced_process() { detach(); }
  traced_process(const traced_process&) = delete;
  traced_process& operator=(const traced_process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool dead() const { return !alive_; }

  /// Runs one instruction; a system call is one, too.
  void step() {
    call(PTRACE_SINGLESTEP, pending_);
    pending_ = 0;
    wait();
  }

  void detach() {
    if (alive_) call(PTRACE_DETACH, pending_);
    alive_ = false;
  }

  void kill() {
    if (!alive_) return;
    bench::check("kill", procpool::sys::kill(pid_, SIGKILL));
    while (alive_) wait();
  }

  [[nodiscard]] std::uint64_t instruction() const { return peek_user(offsetof(user_regs_struct, rip)); }
  /// In or before a call.
  [[nodiscard]] std::uint64_t first_argument() const { return peek_user(offsetof(user_regs_struct, rdi)); }

  /// The number of the system call that is the next instruction; -1: it is none.
  [[nodiscard]] long next_call() {
    const std::uint64_t at = instruction();
    const auto known = is_call_.find(at);
    bool is_call = false;
    if (known != is_call_.end()) {
      is_call = known->second;
    } else {
      constexpr std::uint64_t syscall_instruction = 0x050f;
      is_call_[at] = is_call = (peek(at) & 0xffff) == syscall_instruction;
    }
    return is_call ? static_cast<long>(peek_user(offsetof(user_regs_struct, rax))) : -1;
  }

  /// A word of its memory.
  [[nodiscard]] std::uint64_t peek(std::uint64_t address) const {
    return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKDATA, pid_, reinterpret_cast<void*>(address), nullptr));
  }

 private:
  long call(__ptrace_request request, std::uint64_t data = 0) const {
    return ::ptrace(request, pid_, nullptr, reinterpret_cast<void*>(data));
  }
  [[nodiscard]] std::uint64_t peek_user(std::size_t offset) const {
    return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKUSER, pid_, reinterpret_cast<void*>(offset), nullptr));
  }

  /// On one processor, each step wakes no other.
  void stay_here() const {
    static const cpu_set_t here = [] {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<unsigned>(::sched_getcpu()), &set);
      return set;
    }();
    bench::check("sched_setaffinity", bench::outcome(::sched_setaffinity(0, sizeof here, &here)));
    // It may have ended.
    [[maybe_unused]] const int pinned = ::sched_setaffinity(pid_, sizeof here, &here);
  }

  void wait() {
    int status = 0;
    bench::check("waitpid", procpool::sys::wait_for(pid_, status, __WALL));
    alive_ = WIFSTOPPED(status);
    // A signal for it, which it gets with the next step.
    const int signal = alive_ ? WSTOPSIG(status) : 0;
    const bool event = (status >> 16) != 0;
    if (!event && signal != SIGTRAP) pending_ = static_cast<std::uint64_t>(signal);
  }

  // All processes of a pool are forked from one, and have the same code at the same place.
  static inline std::unordered_map<std::uint64_t, bool> is_call_;

  pid_t pid_;
  bool alive_ = false;
  std::uint64_t pending_ = 0;
};

}  // namespace chaos
