#pragma once

#include "worker/handlers/handler.h"
#include "worker/output/optional_write_lock.h"

namespace procpool::worker {

/// Delivers what clients send to stdout and answers nothing. Worker.
class sink_handler {
 public:
  using client = connection;

  explicit sink_handler(const handler_context<client>& own)
      : clients_(own.all),
        deadlines_(own.times),
        out_(own.out),
        stats_(own.stats),
        lock_(own.out, own.lock),
        pauses_(own.config.batch_delay_us > 0) {}

  /// Reads until the socket is dry, has ended or has had its share of this round. Data that came
  /// before a reset is delivered first: reading goes on until the socket itself says 0 or an error.
  outcome on_readable(connection& from);

  /// At its greatest age, what has come from a connection is read before it is closed.
  outcome on_timeout(connection& from, ipc::timeout_reason reason);

  [[nodiscard]] bool drained(const connection& from, const instant& now) const;

  /// Delivers what the stage holds: keep, stalled or broken.
  outcome flush();
  outcome flush_now();
  [[nodiscard]] wait_condition waits_for() const { return lock_.waiting() ? lock_.waits_for() : out_.waits_for(); }
  [[nodiscard]] std::uint64_t pending() const { return out_.pending(); }
  [[nodiscard]] bool at_boundary() const { return pending() == 0; }

 private:
  /// Long reads are spliced, short ones gathered: a copy is cheaper than two calls for each.
  [[nodiscard]] bool spliced(const connection& from) const;
  [[nodiscard]] bool fits(const connection& from) const;
  void read_little(connection& from) const;
  outcome write();

  clients<client>& clients_;
  deadlines& deadlines_;
  output& out_;
  ipc::worker_slot& stats_;
  optional_write_lock lock_;
  bool pauses_;  // this worker may
};

static_assert(handler<sink_handler>);

}  // namespace procpool::worker
