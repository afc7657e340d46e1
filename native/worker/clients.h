#pragma once

#include <cstdint>

#include "event/poller.h"
#include "ipc/stats_page.h"
#include "worker/connection_table.h"
#include "worker/deadlines.h"
#include "worker/drain.h"
#include "worker/worker_clock.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// Bytes that wait in a connection's socket.
inline std::uint64_t waiting_bytes(const connection& client) {
  const sys::result bytes = sys::readable_bytes(client.fd);
  return bytes < 0 ? 0 : static_cast<std::uint64_t>(bytes);
}

/// The worker's clients: opens, watches and closes their connections, keeps their deadlines, and
/// tells the log and the counters. Owns the connections' descriptors.
template <std::derived_from<connection> Client>
class clients {
 public:
  clients(event::poller& poller, deadlines& times, const worker_clock& clock, worker_log& log, ipc::worker_slot& stats)
      : poller_(poller), deadlines_(times), clock_(clock), log_(log), stats_(stats) {}
  ~clients() {
    table_.for_each([this](Client& client) { deadlines_.cancel(client); });
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
    if (draining_) drain::begin(client, waiting_bytes(client), clock_.now_ms());
    return &client;
  }

  void close(Client& client) { close(client, ipc::log_event::close); }

  /// Ends a connection that is broken.
  void fail(Client& client, int error) {
    stats_.errors.add(1);
    close(client, ipc::log_event::reset, error);
  }

  /// Ends a connection whose time is over.
  void time_out(Client& client, ipc::timeout_reason reason) {
    count(reason);
    close(client, ipc::log_event::timeout, 0, static_cast<std::uint32_t>(reason));
  }

  /// The same where the connection is to be closed in another way.
  void note_timeout(const Client& client, ipc::timeout_reason reason) {
    count(reason);
    note(ipc::log_event::timeout, client, client.received, static_cast<std::uint32_t>(reason));
  }

  /// Logs something that happened to a client.
  void note(ipc::log_event event, const Client& client, std::uint64_t count, std::uint32_t value = 0, int error = 0) {
    if (!log_.wants(event)) return;
    ipc::log_record record{};
    record.peer = client.peer;
    record.count = count;
    record.value = value;
    record.error = error;
    log_.write(event, record);
  }

  /// To be told of every read.
  void received(Client& client, std::uint64_t bytes) {
    if (client.received == 0) deadlines_.expect(client, ipc::timeout_reason::first_byte, 0);
    client.received += bytes;
    deadlines_.renew(client);
    if (draining_) drain::received(client, clock_.now_ms());
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

  /// From now on each is to end: what had come so far is noted.
  void begin_drain() {
    draining_ = true;
    const std::uint64_t now = clock_.now_ms();
    for_each([now](Client& client) { drain::begin(client, waiting_bytes(client), now); });
  }

  /// The worker takes no new ones, and ends with the last that it has.
  void retire() { retiring_ = true; }
  /// Who may, ends with the next answer.
  [[nodiscard]] bool parting() const { return draining_ || retiring_; }

  /// From now on what a client's connection has been left owing at its end is lost.
  void expire() { expired_ = true; }

  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] Client* find(int fd) { return table_.find(fd); }
  [[nodiscard]] std::size_t count() const { return table_.count(); }

  /// Calls visit(client) for each; the visitor may close the one it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    table_.for_each(visit);
  }

 private:
  void count(ipc::timeout_reason reason) { stats_.timeouts[static_cast<std::size_t>(reason)].add(1); }

  void close(Client& client, ipc::log_event event, int error = 0, std::uint32_t value = 0) {
    note(event, client, client.received, value, error);
    stats_.closed.add(1);
    const std::uint64_t lost = expired_ ? client.owing() : 0;
    stats_.bytes_dropped.add(lost);
    stats_.bytes_discarded.add(client.held() - lost);
    deadlines_.cancel(client);
    sys::close(client.fd);  // which takes it out of the poller: nobody shares it
    table_.close(client);
  }

  event::poller& poller_;
  deadlines& deadlines_;
  const worker_clock& clock_;
  worker_log& log_;
  ipc::worker_slot& stats_;
  connection_table<Client> table_;
  bool draining_ = false;
  bool retiring_ = false;
  bool expired_ = false;
};

}  // namespace procpool::worker
