#include "ipc/stats_page.h"

#include "sys/sys_error.h"

namespace procpool::ipc {

sys::unique_fd stats_page::create() {
  return sys::unique_fd(sys::check("memfd_create", sys::memory_file("procpool-stats", sizeof(pool_page))));
}

stats_page::stats_page(int fd) {
  void* memory = nullptr;
  sys::check("mmap", sys::map_shared(fd, sizeof(pool_page), memory));
  // New memory is zero, which is every counter's start.
  page_ = static_cast<pool_page*>(memory);
}

stats_page::~stats_page() { sys::unmap(page_, sizeof(pool_page)); }

}  // namespace procpool::ipc
