#include "addon/socket_path.h"

#include <fcntl.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "sys/sys_error.h"

namespace procpool::addon {
namespace {

constexpr std::uint64_t patience_ns = 1'000'000'000;
constexpr int retry_ms = 2;

// Time for an exiting process to close its descriptors.
constexpr std::uint64_t exit_ns = 100'000'000;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash == 0 ? 1 : slash);
}

class directory_lock {
 public:
  explicit directory_lock(const std::string& directory) {
    const sys::result fd = sys::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return;
    directory_.reset(static_cast<int>(fd));
    const std::uint64_t end_ns = sys::monotonic_ns() + patience_ns;
    while (sys::lock_file(directory_.get()) == -EWOULDBLOCK && sys::monotonic_ns() < end_ns) {
      [[maybe_unused]] const sys::result waited = sys::poll({}, retry_ms);
    }
  }
  ~directory_lock() {
    // Closing is not enough: a process that another thread of the host's starts has a copy until its exec.
    if (directory_) [[maybe_unused]]
      const sys::result unlocked = sys::unlock_file(directory_.get());
  }
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;

 private:
  sys::unique_fd directory_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw sys::sys_error("listen", ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool is_stale(const sockaddr_un& address) {
  struct stat status {};
  if (sys::path_status(address.sun_path, status) < 0 || !S_ISSOCK(status.st_mode)) return false;
  const sys::result fd = sys::socket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return false;
  const sys::unique_fd probe(static_cast<int>(fd));
  return sys::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == -ECONNREFUSED;
}

}  // namespace

sys::unique_fd listen_at_path(const std::string& path, int backlog) {
  const sockaddr_un address = address_of(path);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  sys::unique_fd fd(sys::check("socket", sys::socket(AF_UNIX, SOCK_STREAM)));
  // Until it listens, so that nobody takes it for stale before.
  const directory_lock lock(directory_of(path));
  sys::result bound = sys::bind(fd.get(), generic, sizeof address);
  if (bound == -EADDRINUSE && is_stale(address)) {
    sys::check("listen", sys::remove_file(address.sun_path));
    bound = sys::bind(fd.get(), generic, sizeof address);
  }
  sys::check("listen", bound);
  sys::check("listen", sys::listen(fd.get(), backlog));
  return fd;
}

void remove_stale(const ipc::socket_file& file) {
  if (!file.is_there()) return;
  const sockaddr_un address = address_of(file.path);
  const std::uint64_t end_ns = sys::monotonic_ns() + exit_ns;
  for (bool wait = true; wait && !is_stale(address); wait = sys::monotonic_ns() < end_ns) {
    [[maybe_unused]] const sys::result waited = sys::poll({}, retry_ms);
  }
  const directory_lock lock(directory_of(file.path));
  // The file system may have given its numbers to another pool's socket since.
  if (is_stale(address)) file.remove();
}

}  // namespace procpool::addon
