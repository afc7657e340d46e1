#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "event/poller.h"
#include "ipc/stats_page.h"
#include "worker/connections/connection_table.h"
#include "worker/connections/deadlines.h"
#include "worker/connections/drain.h"
#include "worker/connections/worker_clock.h"
#include "worker/event_kind.h"
#include "worker/shutdown.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// Bytes that wait in a connection's socket.
inline std::uint64_t waiting_bytes(int socket) {
  const sys::result bytes = sys::readable_bytes(socket);
  return bytes < 0 ? 0 : static_cast<std::uint64_t>(bytes);
}
inline std::uint64_t waiting_bytes(const connection& client) { return waiting_bytes(client.fd); }

/// The worker's clients: opens, watches and closes their connections, keeps their deadlines, and
/// tells the log and the counters. Owns the connections' descriptors.
template <std::derived_from<connection> Client>
class clients {
 public:
  /// `memory`: for the connection table.
  clients(std::span<std::byte> memory, event::poller& poller, deadlines& deadlines, const worker_clock& clock,
          shutdown& shutdown, worker_log& log, ipc::worker_slot& stats)
      : table_(memory),
        poller_(poller),
        deadlines_(deadlines),
        clock_(clock),
        shutdown_(shutdown),
        log_(log),
        stats_(stats) {}
  ~clients() {
    table_.for_each([this](Client& client) {
      deadlines_.cancel(client);
      table_.close(client);
    });
  }
  clients(const clients&) = delete;
  clients& operator=(const clients&) = delete;

  /// Takes over a connection that was accepted, and waits for its input. None: it cannot be waited
  /// for, and is closed again.
  Client* open(int fd, const ipc::peer_address& peer) {
    Client& client = table_.open(fd, peer);
    stats_.accepted.add(1);
    note(ipc::log_event::connect, client, 0);
    const sys::result added = watch(client, EPOLLIN);
    if (added < 0) {
      fail(client, static_cast<int>(-added));
      return nullptr;
    }
    deadlines_.begin(client);
    if (draining()) begin_drain(client, clock_.now());
    return &client;
  }

  void close(Client& client) { close(client, ipc::log_event::close); }

  /// Ends a connection that is broken.
  void fail(Client& client, int error) {
    stats_.errors.add(1);
    close(client, ipc::log_event::reset, error);
  }

  /// Ends a connection that took too long.
  void time_out(Client& client, ipc::timeout_reason reason) {
    count(reason);
    close(client, ipc::log_event::timeout, 0, static_cast<std::uint32_t>(reason));
  }

  /// Counts and logs the same where the connection is closed in another way.
  void note_timeout(const Client& client, ipc::timeout_reason reason) {
    count(reason);
    note(ipc::log_event::timeout, client, client.received, static_cast<std::uint32_t>(reason));
  }

  /// Logs something that happened to a client.
  void note(ipc::log_event event, const Client& client, std::uint64_t count, std::uint32_t value = 0, int error = 0,
            std::string_view why = {}) {
    if (!log_.wants(event)) return;
    ipc::log_record record{};
    record.peer = client.peer;
    record.count = count;
    record.value = value;
    record.error = error;
    why.copy(record.why, sizeof record.why - 1);
    log_.write(event, record);
  }

  /// Logs something of the worker's own.
  void note(ipc::log_event event) { log_.write(event); }

  /// To be told of every read.
  void received(Client& client, std::uint64_t bytes) {
    if (client.received == 0) deadlines_.expect(client, ipc::timeout_reason::first_byte, 0);
    client.received += bytes;
    deadlines_.renew(client);
    if (draining() && drain::received(client, clock_.now())) shutdown_.remove_debtor();
  }

  /// Waits for other events than before; for none at all where 0 is given.
  sys::result watch(Client& client, std::uint32_t events) {
    if (client.watched == events) return 0;
    const auto index = static_cast<std::uint32_t>(client.fd);
    const std::uint64_t tag = event_tag{event_kind::client, index, client.generation}.pack();
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

  /// The drain has begun: what had arrived from each so far is noted.
  void begin_drain() {
    const instant now = clock_.now();
    for_each([this, now](Client& client) { begin_drain(client, now); });
  }

  /// All that had arrived is read: the clients have a little time for what follows.
  void begin_grace() {
    const instant now = clock_.now();
    for_each([this, now](Client& client) {
      drain::begin_grace(client, now);
      if (client.watched == 0 && watch(client, EPOLLIN) < 0) close(client);
    });
  }

  /// Nothing is read from it now: what others had sent before the stop goes first.
  [[nodiscard]] bool withheld(const Client& client) const { return shutdown_.pays_debts() && !client.behind; }

  [[nodiscard]] bool draining() const { return shutdown_.draining(); }
  /// The worker ends with its last connection: a client that can be told so is closed after its next answer.
  [[nodiscard]] bool closing() const { return shutdown_.ending(); }
  [[nodiscard]] Client* find(int fd) { return table_.find(fd); }
  /// Whom an event is of. None: it is closed.
  [[nodiscard]] Client* find(const event_tag& tag) { return table_.find(tag.index, tag.generation); }
  [[nodiscard]] std::size_t count() const { return table_.count(); }

  /// Calls visit(client) for each; the visitor may close the one it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    table_.for_each(visit);
  }

 private:
  void count(ipc::timeout_reason reason) { stats_.timeouts[static_cast<std::size_t>(reason)].add(1); }

  void begin_drain(Client& client, const instant& now) {
    drain::begin(client, waiting_bytes(client), now);
    if (client.behind) shutdown_.add_debtor();
  }

  void close(Client& client, ipc::log_event event, int error = 0, std::uint32_t value = 0) {
    note(event, client, client.received, value, error);
    stats_.closed.add(1);
    if (client.behind) shutdown_.remove_debtor();
    const std::uint64_t lost = shutdown_.expired() ? client.undelivered_bytes() : 0;
    stats_.bytes_dropped.add(lost);
    stats_.bytes_discarded.add(client.held_bytes() - lost);
    deadlines_.cancel(client);
    sys::close(client.fd);  // which takes it out of the poller: nobody shares it
    table_.close(client);
  }

  connection_table<Client> table_;
  event::poller& poller_;
  worker::deadlines& deadlines_;
  const worker_clock& clock_;
  worker::shutdown& shutdown_;
  worker_log& log_;
  ipc::worker_slot& stats_;
};

}  // namespace procpool::worker
