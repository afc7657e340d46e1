#include "sys/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "sys/outcome.h"

namespace procpool::sys {

result open(const char* path, int flags) {
  return retry([&] { return ::open(path, flags | O_CLOEXEC); });
}

// Some file systems, as overlayfs before Linux 6.3, have no O_TMPFILE: open(2).
result open_unnamed(const char* folder) {
  constexpr mode_t owner_only = 0600;
  const result fd = retry([&] { return ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, owner_only); });
  if (fd != -EOPNOTSUPP && fd != -EISDIR && fd != -EINVAL) return fd;
  std::string path = std::string(folder) + "/procpool-XXXXXX";
  const result named = retry([&] { return ::mkostemp(path.data(), O_CLOEXEC); });
  if (named < 0) return named;
  if (::unlink(path.c_str()) == 0) return named;
  const int error = errno;
  ::close(static_cast<int>(named));
  return -error;
}

result read_at(int fd, void* data, std::size_t size, std::uint64_t offset) {
  return retry([&] { return ::pread(fd, data, size, static_cast<off_t>(offset)); });
}

result offset_of(int fd) { return outcome(::lseek(fd, 0, SEEK_CUR)); }

result seek_end(int fd) { return outcome(::lseek(fd, 0, SEEK_END)); }

result remove_file(const char* path) { return outcome(::unlink(path)); }

// By number: the C library's functions would bind a prebuilt addon to glibc 2.33.
result path_status(const char* path, struct stat& status) {
  return outcome(::syscall(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW));
}

result file_status(int fd, struct stat& status) { return outcome(::syscall(SYS_fstat, fd, &status)); }

result lock_file(int fd) {
  return retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); });
}

result unlock_file(int fd) { return outcome(::flock(fd, LOCK_UN)); }

}  // namespace procpool::sys
