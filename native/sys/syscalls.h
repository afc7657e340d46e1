#pragma once

#include "sys/clocks.h"
#include "sys/descriptors.h"
#include "sys/files.h"
#include "sys/memory.h"
#include "sys/pipes.h"
#include "sys/process_title.h"
#include "sys/processes.h"
#include "sys/result.h"
#include "sys/signals.h"
#include "sys/sockets.h"
#include "sys/waiting.h"

/// Every raw system call of native/, by subject, so that three things are decided in one folder: each
/// new descriptor is close-on-exec from its birth, a call that a signal interrupted is made again, and
/// close(2) never is. Any process. Tests put a kernel of their own in the place of these functions:
/// test/native/fake/kernel.h.
