#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

#include "sys/result.h"

/// System calls on files and their names.
namespace procpool::sys {

result open(const char* path, int flags);
/// A new file without a name in that folder, for reading and writing.
result open_unnamed(const char* folder);
/// pread(2).
result read_at(int fd, void* data, std::size_t size, std::uint64_t offset);
/// The offset of an open file, which all that share its description have; seek_end() moves it to the file's end.
result offset_of(int fd);
result seek_end(int fd);
result remove_file(const char* path);
result path_status(const char* path, struct stat& status);
result file_status(int fd, struct stat& status);
/// An exclusive flock(2): -EWOULDBLOCK while another open file description has it.
result lock_file(int fd);
result unlock_file(int fd);

}  // namespace procpool::sys
