#pragma once

#include <cstdint>

#include "sys/result.h"

/// System calls on this process's signals.
namespace procpool::sys {

/// The handler interrupts nothing: calls are resumed (SA_RESTART).
result set_signal_handler(int signal, void (*handler)(int));
void block_signals();
void unblock_signals();
/// SIGALRM after `delay_us`, once; 0 takes it back.
result set_interval_timer(std::uint64_t delay_us);

}  // namespace procpool::sys
