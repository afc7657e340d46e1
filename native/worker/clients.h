#pragma once

#include "event/poller.h"
#include "ipc/stats_page.h"
#include "worker/connection_table.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// The worker's clients: opens, watches and closes their connections, and tells the log and the
/// counters. Owns the connections' descriptors.
template <std::derived_from<connection> Client>
class clients {
 public:
  clients(event::poller& poller, worker_log& log, ipc::worker_slot& stats)
      : poller_(poller), log_(log), stats_(stats) {}

  /// Takes over a connection that was accepted, and waits for its input. None: it cannot be waited
  /// for, and is closed again.
  Client* open(int fd, const ipc::peer_address& peer) {
    Client& client = table_.open(fd, peer);
    stats_.accepted.add(1);
    log(ipc::log_event::connect, client);
    const sys::result added = watch(client, EPOLLIN);
    if (added >= 0) return &client;
    stats_.errors.add(1);
    close(client, ipc::log_event::reset, static_cast<int>(-added));
    return nullptr;
  }

  void close(Client& client, ipc::log_event event, int error = 0) {
    log(event, client, error);
    stats_.closed.add(1);
    sys::close(client.fd);  // which takes it out of the poller: nobody shares it
    table_.close(client);
  }

  /// Waits for other events than before; for none at all where 0 is given.
  sys::result watch(Client& client, std::uint32_t events) {
    if (client.watched == events) return 0;
    const auto tag = static_cast<std::uint64_t>(client.fd);
    sys::result done = 0;
    if (events == 0) {
      done = poller_.remove(client.fd);
    } else if (client.watched == 0) {
      done = poller_.add(client.fd, events, tag);
    } else {
      done = poller_.modify(client.fd, events, tag);
    }
    if (done >= 0) client.watched = events;
    return done;
  }

  [[nodiscard]] Client* find(int fd) { return table_.find(fd); }
  [[nodiscard]] std::size_t count() const { return table_.count(); }

  template <typename Visit>
  void for_each(Visit visit) {
    table_.for_each(visit);
  }

 private:
  void log(ipc::log_event event, const Client& client, int error = 0) {
    if (!log_.wants(event)) return;
    ipc::log_record record{};
    record.peer = client.peer;
    record.count = client.received;
    record.error = error;
    log_.write(event, record);
  }

  event::poller& poller_;
  worker_log& log_;
  ipc::worker_slot& stats_;
  connection_table<Client> table_;
};

}  // namespace procpool::worker
