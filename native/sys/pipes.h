#pragma once

#include <cstddef>
#include <cstdint>

#include "sys/result.h"

/// System calls on pipes.
namespace procpool::sys {

enum class blocking : std::uint8_t { yes, no };

result pipe(int (&ends)[2], blocking mode);
result pipe_size(int fd);
result set_pipe_size(int fd, int bytes);
/// Does not wait, unless for a blocking socket: splice(2).
result splice(int from, int to, std::size_t size);

}  // namespace procpool::sys
