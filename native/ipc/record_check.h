#pragma once

#include "ipc/log_record.h"

namespace procpool::ipc {

/// Who wrote a log record: the supervisor on the control channel, workers on the log channel.
enum class record_sender : std::uint8_t { supervisor, worker };

/// Whether every field of a record is within the range that its sender uses. Workers handle untrusted
/// input: a compromised worker must not reach the host through its log. Host; pure.
bool is_well_formed(const log_record& record, record_sender sender);

}  // namespace procpool::ipc
