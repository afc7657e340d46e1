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
/// Keeps it in memory, where the limit of locked memory allows it: mlock(2).
void keep_in_memory(const void* address, std::size_t size);
/// Frees pages of shared memory, which are zero from now on.
void discard(void* address, std::size_t size);
void unmap(void* address, std::size_t size);

}  // namespace procpool::sys
