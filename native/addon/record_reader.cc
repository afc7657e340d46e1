#include "addon/record_reader.h"

#include <cerrno>

namespace procpool::addon {

record_reader::batch record_reader::read(ipc::channel& channel, ipc::record_sender sender) {
  batch found{};
  for (std::size_t tries = 0; tries < max_records && !found.ended; ++tries) {
    // With room to see that a message is too long.
    struct {
      ipc::log_record record;
      char beyond;
    } message{};
    const sys::result received = channel.receive(message);
    if (received == -EAGAIN) break;
    // An order that the other end left unread is reported ahead of the records that it sent before: unix(7).
    if (received == -ECONNRESET) continue;
    // A message of no bytes reads like the end of the channel.
    found.ended = received < 0 || (received == 0 && channel.hung_up());
    if (received == sizeof message.record && ipc::is_well_formed(message.record, sender)) {
      found.records[found.count++] = message.record;
    } else if (!found.ended) {
      ++malformed_;
    }
  }
  return found;
}

}  // namespace procpool::addon
