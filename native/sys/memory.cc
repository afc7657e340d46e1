#include "sys/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace procpool::sys {

result memory_file(const char* name, std::size_t size) {
  const long fd = ::syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  const int file = static_cast<int>(fd);
  if (::ftruncate(file, static_cast<off_t>(size)) < 0 ||
      ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    const int error = errno;
    ::close(file);
    return -error;
  }
  return file;
}

result map_shared(int fd, std::size_t size, void*& address) {
  address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return address == MAP_FAILED ? -errno : 0;
}

result map_memory(std::size_t size, void*& address) {
  address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? -errno : 0;
}

void keep_in_memory(const void* address, std::size_t size) { ::mlock(address, size); }

void discard(void* address, std::size_t size) { ::madvise(address, size, MADV_REMOVE); }

void unmap(void* address, std::size_t size) { ::munmap(address, size); }

}  // namespace procpool::sys
