#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ipc/channel.h"
#include "ipc/log_record.h"
#include "ipc/record_check.h"

namespace procpool::addon {

/// Reads log records from the supervisor or the workers; those that are not well-formed are left out and counted. Host.
class record_reader {
 public:
  /// In one go, so that a flood of records leaves the event loop to others in between.
  static constexpr std::size_t max_records = 64;

  struct batch {
    std::array<ipc::log_record, max_records> records;
    std::uint32_t count = 0;
    bool ended = false;  // the channel has
  };

  batch read(ipc::channel& channel, ipc::record_sender sender);

  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

 private:
  std::uint64_t malformed_ = 0;
};

}  // namespace procpool::addon
