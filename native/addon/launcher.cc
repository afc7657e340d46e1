#include "addon/launcher.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "sys/sys_error.h"

namespace procpool::addon {
namespace {

// Above every number that a descriptor gets in the supervisor, so that no dup2 there hits another.
constexpr int out_of_the_way = ipc::control_fd + 1;

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
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
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

sys::unique_fd moved_away(int fd) { return sys::unique_fd(sys::check("fcntl", sys::duplicate(fd, out_of_the_way))); }

/// The app's secrets stay in the app; only the loader may need to be told something.
std::string loader_path() {
  const char* path = std::getenv("LD_LIBRARY_PATH");
  return path == nullptr ? "" : std::string("LD_LIBRARY_PATH=") + path;
}

pid_t start(const std::string& executable, int output, int control) {
  const sys::unique_fd out = moved_away(output);
  const sys::unique_fd end = moved_away(control);
  file_actions actions;
  actions.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  actions.duplicate(out.get(), STDOUT_FILENO);
  actions.duplicate(end.get(), ipc::control_fd);

  std::string name = "procpool-supervisor";
  std::string library_path = loader_path();
  std::array<char*, 2> arguments{name.data(), nullptr};
  std::array<char*, 2> environment{library_path.empty() ? nullptr : library_path.data(), nullptr};
  const attributes how;
  pid_t pid = 0;
  check("spawn",
        ::posix_spawn(&pid, executable.c_str(), actions.get(), how.get(), arguments.data(), environment.data()));
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

}  // namespace procpool::addon
