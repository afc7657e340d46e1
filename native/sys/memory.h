#pragma once

#include <cstddef>

#include "sys/result.h"

/// System calls on shared memory.
namespace procpool::sys {

/// A memfd of that size, which is sealed.
result memory_file(const char* name, std::size_t size);
result map_shared(int fd, std::size_t size, void*& address);
/// Zeroed memory that forked processes share. Pages that are not touched take up nothing, and are not reserved where
/// the system overcommits.
result map_memory(std::size_t size, void*& address);
void unmap(void* address, std::size_t size);

}  // namespace procpool::sys
