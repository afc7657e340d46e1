#pragma once

#include <cstddef>
#include <cstdint>

#include "ipc/log_record.h"
#include "worker/connections/deadlines.h"
#include "worker/event_kind.h"

namespace procpool::worker {

/// A listener's clients and the handler that serves them, as the loop and those who accept and stop see them: one
/// virtual call per event. Implemented by service<Handler>. Worker.
class any_service {
 public:
  any_service() = default;
  virtual ~any_service() = default;
  any_service(const any_service&) = delete;
  any_service& operator=(const any_service&) = delete;

  /// After the death of the worker before: goes on with its clients.
  virtual void resume() = 0;

  /// Serves an accepted connection, which is owned from here on. False: there is no memory for it, and it is closed.
  virtual bool open(int connection, const ipc::peer_address& peer) = 0;
  /// Closes an accepted connection unserved, and counts it.
  virtual void refuse(int connection) = 0;

  /// Input from a client, or room for its answer. A client that has gone since is none.
  virtual void on_client(const event_tag& tag) = 0;
  /// A deadline of one of its clients has passed.
  virtual void on_deadline(client_deadlines& due, ipc::timeout_reason reason) = 0;

  /// After the events of a round: what has been put off, and what is to be written unless stdout is blocked.
  virtual void end_round() = 0;
  /// Writes what there is to write.
  virtual void flush() = 0;

  /// It has more to do, whatever comes.
  [[nodiscard]] virtual bool busy() const = 0;
  /// Nothing is read from its clients, because stdout takes nothing.
  [[nodiscard]] virtual bool paused() const = 0;
  [[nodiscard]] virtual std::size_t clients() const = 0;

  /// The worker is to hand over to another process: no client begins anything that would be lost then.
  virtual void prepare_handover() = 0;
  /// Nothing would be lost.
  [[nodiscard]] virtual bool can_hand_over() = 0;

  /// The drain has begun.
  virtual void begin_drain() = 0;
  /// In each round of a drain: closes the clients that are done.
  virtual void sweep() = 0;
  /// Drain timeout reached: counts what is left and closes all clients. True: a record is cut off.
  virtual bool expire() = 0;
};

}  // namespace procpool::worker
