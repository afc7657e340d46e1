#pragma once

#include <algorithm>
#include <span>

#include "sys/syscalls.h"
#include "worker/connections/connection_table.h"
#include "worker/listening_socket.h"
#include "worker/takeover/intent.h"

namespace procpool::worker {

/// After the death of the worker before, and before anything else is opened, so that no descriptor has been used anew:
/// completes the closing of a client, closes what the worker had open and nobody goes on with, and finds the connection
/// that it had accepted and not entered in the table, which is made `call`'s client. `kept`: descriptors that stay.
template <typename Client>
void close_leftovers(connection_table<Client> clients, intent& call, int listener, std::span<const int> kept) {
  constexpr int first_after_stdio = 3;
  // A worker's descriptors beside its clients' connections are no more than that.
  constexpr int max_others = 320;

  if (call.under_way() == intent::call::close) {
    sys::close(call.client());  // nothing, if it is closed
    clients.forget(call.client());
    call.end(1);
  }
  // One that was refused and closed again is nobody's.
  const bool accepted = call.under_way() == intent::call::accept && call.client() >= 0;
  if (accepted && !is_accepted_from(listener, call.client())) call.finish();
  const int end = static_cast<int>(clients.used()) + max_others;
  for (int fd = first_after_stdio; fd < end; ++fd) {
    if (clients.find(fd) != nullptr || std::find(kept.begin(), kept.end(), fd) != kept.end()) continue;
    if (call.under_way() == intent::call::accept && is_accepted_from(listener, fd)) {
      call.set_client(fd);
    } else {
      sys::close(fd);
    }
  }
}

}  // namespace procpool::worker
