#include "addon/launcher.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "sys/sys_error.h"

namespace procpool::addon {
namespace {

// Above every number that a descriptor gets in the supervisor, so that no dup2 there closes another.
constexpr int first_free = ipc::control_fd + 1;

void check(const char* call, int error) {
  if (error != 0) throw sys::sys_error(call, error);
}

class file_actions {
 public:
  file_actions() { check("posix_spawn", ::posix_spawn_file_actions_init(&actions_)); }
  ~file_actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  file_actions(const file_actions&) = delete;
  file_actions& operator=(const file_actions&) = delete;

  void open(int fd, const char* path, int flags) {
    check("posix_spawn", ::posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0));
  }
  void duplicate(int from, int to) { check("posix_spawn", ::posix_spawn_file_actions_adddup2(&actions_, from, to)); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class attributes {
 public:
  attributes() {
    check("posix_spawn", ::posix_spawnattr_init(&attributes_));
    sigset_t signals;
    sigfillset(&signals);
    // The supervisor unblocks them when its handlers are there: event/event_source.h.
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~attributes() { ::posix_spawnattr_destroy(&attributes_); }
  attributes(const attributes&) = delete;
  attributes& operator=(const attributes&) = delete;

  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

sys::unique_fd duplicate_above(int fd) { return sys::unique_fd(sys::check("fcntl", sys::duplicate(fd, first_free))); }

/// The app's environment may hold secrets: only variables for the loader, sanitizers and temporary files are passed on.
std::vector<std::string> environment_of_pool() {
  std::vector<std::string> variables{sys::title_room()};
  for (const char* name : {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) variables.push_back(std::string(name) + "=" + value);
  }
  return variables;
}

pid_t start(const std::string& executable, int output, int control) {
  const sys::unique_fd out = duplicate_above(output);
  // Node makes its own three close-on-exec, too.
  const sys::unique_fd error = duplicate_above(STDERR_FILENO);
  const sys::unique_fd end = duplicate_above(control);
  file_actions actions;
  actions.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  actions.duplicate(out.get(), STDOUT_FILENO);
  actions.duplicate(error.get(), STDERR_FILENO);
  actions.duplicate(end.get(), ipc::control_fd);

  std::string name = "procpool-supervisor";
  std::array<char*, 2> arguments{name.data(), nullptr};
  std::vector<std::string> variables = environment_of_pool();
  std::vector<char*> environment;
  environment.reserve(variables.size() + 1);
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const attributes spawn_attributes;
  pid_t pid = 0;
  check("spawn", ::posix_spawn(&pid, executable.c_str(), actions.get(), spawn_attributes.get(), arguments.data(),
                               environment.data()));
  return pid;
}

void end(pid_t pid) {
  int status = 0;
  [[maybe_unused]] const sys::result killed = sys::kill(pid, SIGKILL);
  [[maybe_unused]] const sys::result reaped = sys::wait_for(pid, status, 0);
}

}  // namespace

launched launch(const std::string& executable, int output, const ipc::pool_config& config, int listener,
                int stats_page) {
  auto [control, supervisor_end] = ipc::channel::make_pair(SOCK_SEQPACKET);
  auto [log, workers_end] = ipc::channel::make_pair(SOCK_SEQPACKET);
  const pid_t pid = start(executable, output, supervisor_end.fd());
  // Or its end would never be seen.
  supervisor_end.close();
  try {
    const std::array<int, 3> descriptors{listener, stats_page, workers_end.fd()};
    control.send_with_descriptors(&config, sizeof config, descriptors);
  } catch (...) {
    end(pid);
    throw;
  }
  return {pid, std::move(control), std::move(log)};
}

void reap_later(pid_t supervisor) {
  std::thread([supervisor] {
    int status = 0;
    [[maybe_unused]] const sys::result reaped = sys::wait_for(supervisor, status, 0);
  }).detach();
}

}  // namespace procpool::addon
