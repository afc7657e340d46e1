#include "addon/worker_process.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>

#include "ipc/message.h"
#include "sys/unique_fd.h"

namespace procpool::addon {
namespace {

bool is_worker(pid_t pid, std::size_t slot) {
  const std::string path = "/proc/" + std::to_string(pid) + "/comm";
  const sys::result fd = sys::open(path.c_str(), O_RDONLY);
  if (fd < 0) return false;
  const sys::unique_fd file(static_cast<int>(fd));
  std::array<char, 16> name{};
  const sys::result size = sys::read(file.get(), name.data(), name.size());
  const std::string wanted = std::string(ipc::worker_name) + std::to_string(slot) + "\n";
  return size >= 0 && wanted == std::string_view(name.data(), static_cast<std::size_t>(size));
}

}  // namespace

void kill_worker(pid_t pid, std::size_t slot) {
  // Where there are descriptors of processes the pid cannot become another's between the look and the signal.
  const sys::result fd = sys::open_process(pid);
  if (fd == -ESRCH) return;
  const sys::unique_fd process(fd < 0 ? -1 : static_cast<int>(fd));
  if (!is_worker(pid, slot)) return;
  // Fails for a worker that has just ended.
  [[maybe_unused]] const sys::result sent =
      process ? sys::signal_process(process.get(), SIGKILL) : sys::kill(pid, SIGKILL);
}

}  // namespace procpool::addon
