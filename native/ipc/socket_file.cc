#include "ipc/socket_file.h"

#include <cstring>

#include "sys/sys_error.h"

namespace procpool::ipc {

socket_file socket_file::of(const std::string& path) {
  socket_file file{};
  struct stat status {};
  sys::check("lstat", sys::path_status(path.c_str(), status));
  std::strncpy(file.path, path.c_str(), sizeof file.path - 1);
  file.device = status.st_dev;
  file.inode = status.st_ino;
  return file;
}

bool socket_file::is_there() const {
  struct stat status {};
  return *this && sys::path_status(path, status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void socket_file::remove() const {
  if (!is_there()) return;
  [[maybe_unused]] const sys::result removed = sys::remove_file(path);
}

}  // namespace procpool::ipc
