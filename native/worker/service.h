#pragma once

#include <cerrno>
#include <cstddef>
#include <new>
#include <span>
#include <utility>

#include "worker/any_service.h"
#include "worker/handlers/handler.h"
#include "worker/listening_socket.h"
#include "worker/worker_parts.h"

namespace procpool::worker {

/// The clients of one listener, served by a handler of this kind. Worker; owns their connections.
template <handler Handler>
class service final : public any_service {
 public:
  using client_type = typename Handler::client_type;

  /// `memory`: for the connection table.
  service(worker_parts& worker, std::span<std::byte> memory)
      : worker_(worker),
        stats_(worker.stats),
        call_(worker.state.output.call),
        writer_(worker.writer),
        handler_({worker.config, worker.page, worker.stats, clients_, worker.deadlines, worker.writer,
                  worker.state.output, worker.long_record}),
        clients_(memory, call_, worker.poller, worker.deadlines, worker.clock, worker.shutdown, worker.log,
                 worker.stats) {}

  void resume() override;
  bool open(int connection, const ipc::peer_address& peer) override;
  void refuse(int connection) override;
  void on_client(const event_tag& tag) override;
  void on_deadline(client_deadlines& due, ipc::timeout_reason reason) override;
  void end_round() override;
  void flush() override;
  [[nodiscard]] bool busy() const override;
  [[nodiscard]] bool paused() const override { return !record_handler<Handler> && writer_.blocked(); }
  [[nodiscard]] std::size_t clients() const override { return clients_.count(); }
  void prepare_handover() override;
  [[nodiscard]] bool can_hand_over() override;
  void begin_drain() override { clients_.begin_drain(); }
  void sweep() override;
  bool expire() override;

 private:
  static constexpr bool replies = replying_handler<Handler>;
  static constexpr bool records = record_handler<Handler>;

  /// No client is dealt with now.
  [[nodiscard]] bool idle() const { return paused() || writer_.broken() || worker_.shutdown.expired(); }

  /// Bytes of records that the writer has not got yet.
  [[nodiscard]] std::uint64_t unread() const {
    if constexpr (records) return handler_.unread();
    return 0;
  }

  /// As long as a client is dealt with.
  class serving_mark {
   public:
    serving_mark(std::uint64_t& serving, std::uint64_t tag) : serving_(serving) { serving_ = tag; }
    ~serving_mark() { serving_ = 0; }
    serving_mark(const serving_mark&) = delete;
    serving_mark& operator=(const serving_mark&) = delete;

   private:
    std::uint64_t& serving_;
  };

  void close_poison();
  template <typename Step>
  outcome attempt(client_type& client, Step step);
  void on_no_memory(const ipc::peer_address& peer);
  bool expire(client_type& client);

  worker_parts& worker_;
  ipc::worker_slot& stats_;
  intent& call_;
  record_writer& writer_;
  Handler handler_;  // outlives its clients
  worker::clients<client_type> clients_;
};

template <handler Handler>
void service<Handler>::resume() {
  clients_.resume();
  const int accepted = call_.under_way() == intent::call::accept ? call_.client() : -1;
  if (accepted >= 0 && clients_.find(accepted) == nullptr) open(accepted, peer_of(accepted));
  call_.finish();
  close_poison();
  // What requests and answers were in the worker's own memory is lost with it, and its clients are told by the end of
  // their connections.
  if constexpr (replies) {
    clients_.for_each([&](client_type& client) { conclude(clients_, client, kept(clients_.watch(client, EPOLLIN))); });
    stats_.bytes_discarded.set(stats_.bytes_in.get() - stats_.bytes_out.get() - stats_.bytes_dropped.get() -
                               writer_.pending() - unread());
  }
}

/// A client at which a second worker has crashed in a row, with nothing read from it in between, is not tried again.
template <handler Handler>
void service<Handler>::close_poison() {
  worker_state& state = worker_.state;
  const std::uint64_t tag = std::exchange(state.serving, 0);
  if (tag == 0 || !worker_.vitals.crashed.load()) return;
  client_type* const client = clients_.find(event_tag::unpack(tag));
  if (client == nullptr) return;
  if (state.suspect.tag == tag && state.suspect.received == client->received) return clients_.close_poison(*client);
  state.suspect = {tag, client->received};
}

template <handler Handler>
bool service<Handler>::open(int connection, const ipc::peer_address& peer) {
  try {
    clients_.open(connection, peer);
    worker_.shortage.accepted();
    return true;
  } catch (const std::bad_alloc&) {
    refuse(connection);
    on_no_memory(peer);
    return false;
  }
}

/// In a stop, what it had sent is a loss.
template <handler Handler>
void service<Handler>::refuse(int connection) {
  stats_.refused.add(1);
  if (!replies && worker_.shutdown.draining()) stats_.bytes_unread.add(waiting_bytes(connection));
  sys::close(connection);
  call_.finish();
}

template <handler Handler>
void service<Handler>::on_client(const event_tag& tag) {
  client_type* const found = clients_.find(tag);
  if (found == nullptr) return;
  // In case that the worker crashes at it.
  const serving_mark mark(worker_.state.serving, tag.pack());
  if constexpr (replies) {
    if ((found->watched & EPOLLOUT) != 0) {
      return conclude(clients_, *found, attempt(*found, [&] { return handler_.on_writable(*found); }));
    }
  }
  ++worker_.reads;
  conclude(clients_, *found, attempt(*found, [&] { return handler_.on_readable(*found); }));
}

/// A client for which there is no memory ends, and nobody else. A handler that can tell its client catches it itself.
template <handler Handler>
template <typename Step>
outcome service<Handler>::attempt(client_type& client, Step step) {
  if constexpr (replies) client.resumable = false;
  try {
    return step();
  } catch (const std::bad_alloc&) {
    on_no_memory(client.peer);
    return {verdict::reset, ENOMEM};
  }
}

template <handler Handler>
void service<Handler>::on_no_memory(const ipc::peer_address& peer) {
  stats_.out_of_memory.add(1);
  worker_.shortage.refused(peer, ENOMEM);
}

template <handler Handler>
void service<Handler>::on_deadline(client_deadlines& due, ipc::timeout_reason reason) {
  if (idle()) return worker_.deadlines.again(due);
  auto& late = static_cast<client_type&>(due);
  const bool silent = reason == ipc::timeout_reason::idle || reason == ipc::timeout_reason::first_byte;
  // Bytes that came while this round went on, or wait because of stdout, are none of silence.
  if (silent && (late.watched & EPOLLIN) != 0 && waiting_bytes(late) > 0) return worker_.deadlines.again(late);
  const outcome result = attempt(late, [&] { return handler_.on_timeout(late, reason); });
  if (result.what != verdict::timed_out) return conclude(clients_, late, result);
  stats_.bytes_late.add(waiting_bytes(late));
  clients_.time_out(late, reason);
}

template <handler Handler>
void service<Handler>::end_round() {
  if constexpr (records) handler_.serve_ready();
  if (!writer_.blocked()) flush();
}

template <handler Handler>
void service<Handler>::flush() {
  if constexpr (records) {
    handler_.flush();
  } else {
    // What became of it is the writer's to know.
    [[maybe_unused]] const sys::result flushed = writer_.flush();
  }
}

template <handler Handler>
bool service<Handler>::busy() const {
  if constexpr (records) return handler_.busy();
  return false;
}

/// A client that rests is not read from: what it sends waits in its socket.
template <handler Handler>
void service<Handler>::prepare_handover() {
  if constexpr (!replies) return;
  clients_.for_each([&](client_type& client) {
    // One that cannot be left out is read from, and then has to come to rest again.
    if (client.resumable) [[maybe_unused]]
      const sys::result left_out = clients_.watch(client, 0);
  });
}

template <handler Handler>
bool service<Handler>::can_hand_over() {
  bool can = true;
  clients_.for_each([&can](const client_type& client) { can &= client.resumable; });
  return can && (!records || (writer_.at_boundary() && !busy()));
}

template <handler Handler>
void service<Handler>::sweep() {
  if (!replies && worker_.shutdown.begin_grace()) clients_.begin_grace();
  const instant now = worker_.clock.now();
  clients_.for_each([&](client_type& client) {
    if (!handler_.drained(client, now)) return;
    const std::uint64_t late = waiting_bytes(client);
    // What has not been read yet is no pause.
    if (late > 0 && !drain::cut_off(client, now)) return;
    stats_.bytes_late.add(late);
    clients_.close(client);
  });
}

template <handler Handler>
bool service<Handler>::expire() {
  const std::uint64_t dropped = writer_.pending() + unread();
  bool cut_off = false;
  clients_.for_each([&](client_type& client) { cut_off |= expire(client); });
  stats_.bytes_dropped.add(dropped);
  return cut_off;
}

template <handler Handler>
bool service<Handler>::expire(client_type& client) {
  bool cut_off = false;
  if constexpr (!replies) {
    const std::uint64_t waiting = waiting_bytes(client);
    const std::uint64_t owed = drain::owed_of(client, waiting);
    stats_.bytes_unread.add(owed);
    stats_.bytes_late.add(waiting - owed);
  }
  if constexpr (records) cut_off = handler_.expire(client);
  clients_.close(client);
  return cut_off;
}

}  // namespace procpool::worker
