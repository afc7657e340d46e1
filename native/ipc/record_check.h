#pragma once

#include "ipc/log_record.h"

namespace procpool::ipc {

/// Who wrote a log record: the supervisor on the control channel, workers on the log channel.
enum class record_sender : std::uint8_t { supervisor, worker };

/// Whether every field of a record is within what its sender writes. The host asks before it uses
/// one: workers handle what strangers send, and one that was taken over shall not get further by
/// its log. Host; pure.
bool is_well_formed(const log_record& record, record_sender sender);

}  // namespace procpool::ipc
