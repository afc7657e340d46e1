#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "supervisor/dispatcher.h"
#include "supervisor/listen_queue.h"
#include "supervisor/worker_channels.h"

namespace procpool::supervisor {

/// Hands out the connections that wait to be accepted: a token, which is one byte, for each of them to the worker
/// whose turn it is. What waits the queue says, whose turn it is the dispatcher. Supervisor.
class handout {
 public:
  handout(listen_queue& queue, worker_channels& channels);

  /// The worker can accept.
  void add(int slot) { dispatcher_.add(slot); }
  /// It gets no more tokens, and its own count no longer.
  void remove(int slot) { dispatcher_.remove(slot); }

  /// The worker has used a token on a connection.
  void used(int slot);
  /// There was no connection for its token.
  void unneeded(int slot);
  /// It had neither a descriptor for the connection nor one to refuse it with.
  void exhausted(int slot);

  /// At the end of the round: there may be connections that wait, or room for them.
  void look() { next_look_ms_ = 0; }
  void on_time(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const { return next_look_ms_; }

  /// Nothing is handed out any more.
  void stop();

 private:
  void hand_out(std::uint64_t now_ms);

  listen_queue& queue_;
  worker_channels& channels_;
  dispatcher dispatcher_;
  std::vector<std::size_t> tokens_;            // by slot, to be given
  std::vector<int> holders_;                   // who is to get some
  std::optional<std::uint64_t> next_look_ms_;  // at the queue
  std::uint64_t shortage_until_ms_ = 0;
  bool stopped_ = false;
};

}  // namespace procpool::supervisor
