#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "event/poller.h"
#include "ipc/stats_page.h"
#include "worker/connections/connection_table.h"
#include "worker/connections/deadlines.h"
#include "worker/connections/drain.h"
#include "worker/connections/worker_clock.h"
#include "worker/event_kind.h"
#include "worker/shutdown.h"
#include "worker/takeover/intent.h"
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
  clients(std::span<std::byte> memory, intent& call, event::poller& poller, deadlines& deadlines,
          const worker_clock& clock, shutdown& shutdown, worker_log& log, ipc::worker_slot& stats)
      : table_(memory),
        call_(call),
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
    return begin(client);
  }

  /// After the death of the worker before, and leftovers.h: goes on with its clients, and completes what it was doing
  /// with one of them. What it had accepted and not opened yet is up to the caller: see intent::call::accept.
  void resume();

  void close(Client& client) { close(client, ipc::log_event::close, nullptr); }

  /// Ends a connection that is broken.
  void fail(Client& client, int error) { close(client, ipc::log_event::reset, &stats_.errors, error); }

  /// Ends a connection that took too long.
  void time_out(Client& client, ipc::timeout_reason reason) {
    close(client, ipc::log_event::timeout, &counter_of(reason), 0, static_cast<std::uint32_t>(reason));
  }

  /// Ends a connection at which workers crash.
  void close_poison(Client& client) { close(client, ipc::log_event::poison, &stats_.poisoned); }

  /// Counts and logs the same where the connection is closed in another way.
  void note_timeout(const Client& client, ipc::timeout_reason reason) {
    counter_of(reason).add(1);
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
    client.received += bytes;
    has_received(client, bytes);
  }
  /// The same, where they are counted.
  void has_received(Client& client, std::uint64_t bytes) {
    if (client.received == bytes) deadlines_.expect(client, ipc::timeout_reason::first_byte, 0);
    deadlines_.renew(client);
    if (draining() && drain::received(client, clock_.now())) shutdown_.remove_debtor();
  }

  /// Waits for other events than before; for none at all where 0 is given.
  sys::result watch(Client& client, std::uint32_t events) {
    if (client.watched == events) return 0;
    call_.begin(intent::call::watch, client.fd);
    const std::uint32_t before = std::exchange(client.watched, events);
    sys::result done = 0;
    if (events == 0) {
      done = poller_.remove(client.fd);
    } else if (before == 0) {
      done = poller_.add(client.fd, events, tag_of(client));
    } else {
      done = poller_.modify(client.fd, events, tag_of(client));
    }
    if (done < 0) client.watched = before;
    call_.finish();
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
  ipc::counter& counter_of(ipc::timeout_reason reason) { return stats_.timeouts[static_cast<std::size_t>(reason)]; }

  static std::uint64_t tag_of(const Client& client) {
    return event_tag{event_kind::client, static_cast<std::uint32_t>(client.fd), client.generation}.pack();
  }

  Client* begin(Client& client) {
    deadlines_.begin(client);
    const sys::result added = watch(client, EPOLLIN);
    if (added < 0) {
      fail(client, static_cast<int>(-added));
      return nullptr;
    }
    if (draining()) begin_drain(client, clock_.now());
    return &client;
  }

  /// Whatever the poller knows of it. One that was watched for nothing may have been about to be watched; else its
  /// handler says so again.
  void watch_again(Client& client) {
    const std::uint32_t events = client.watched == 0 ? std::uint32_t{EPOLLIN} : client.watched;
    sys::result done = poller_.modify(client.fd, events, tag_of(client));
    if (done == -ENOENT) done = poller_.add(client.fd, events, tag_of(client));
    if (done < 0) return fail(client, static_cast<int>(-done));
    client.watched = events;
  }

  void begin_drain(Client& client, const instant& now) {
    drain::begin(client, waiting_bytes(client), now);
    if (client.behind) shutdown_.add_debtor();
  }

  /// `counted`: also there.
  void close(Client& client, ipc::log_event event, ipc::counter* counted, int error = 0, std::uint32_t value = 0) {
    note(event, client, client.received, value, error);
    if (client.behind) shutdown_.remove_debtor();
    const std::uint64_t lost = shutdown_.expired() ? client.undelivered_bytes() : 0;
    stats_.bytes_dropped.add(lost);
    stats_.bytes_discarded.add(client.held_bytes() - lost);
    deadlines_.cancel(client);
    const intent::effect closed = intent::adds(stats_.closed.word());
    if (counted == nullptr) {
      call_.begin(intent::call::close, client.fd, {closed});
    } else {
      call_.begin(intent::call::close, client.fd, {closed, intent::adds(counted->word())});
    }
    // Before the client can see it.
    call_.apply(1);
    sys::close(client.fd);  // which takes it out of the poller: no other process has it open that polls
    table_.close(client);
    call_.finish();
  }

  connection_table<Client> table_;
  intent& call_;
  event::poller& poller_;
  worker::deadlines& deadlines_;
  const worker_clock& clock_;
  worker::shutdown& shutdown_;
  worker_log& log_;
  ipc::worker_slot& stats_;
};

template <std::derived_from<connection> Client>
void clients<Client>::resume() {
  const int fd = call_.client();
  table_.resume();
  stats_.accepted.set(stats_.closed.get() + table_.count());
  for_each([this](Client& client) {
    deadlines_.resume(client);
    if (client.behind) shutdown_.add_debtor();
  });
  Client* const client = table_.find(fd);
  if (client != nullptr && call_.under_way() == intent::call::accept) deadlines_.begin(*client);
  if (client != nullptr && call_.under_way() == intent::call::watch) watch_again(*client);
  for_each([this](Client& each) {
    if (each.watched == 0) watch_again(each);
  });
  // What is in the worker's own memory is lost with it.
  for_each([this](Client& each) {
    if (!each.resumable) fail(each, ECONNABORTED);
  });
}

}  // namespace procpool::worker
