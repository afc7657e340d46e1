#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "supervisor/dispatcher.h"
#include "supervisor/listen_queue.h"
#include "supervisor/worker_channels.h"

namespace procpool::supervisor {

/// Hands out connections that wait to be accepted: for each, a worker gets a token, which is one byte. The queue says
/// how many wait, the dispatcher which worker is next. Supervisor.
class handout {
 public:
  handout(listen_queue& queue, worker_channels& channels);

  /// The worker is ready to accept.
  void add(int slot) { dispatcher_.add(slot); }
  /// It gets no more tokens, and those it has no longer count.
  void remove(int slot) { dispatcher_.remove(slot); }

  /// The worker has used a token on a connection.
  void used(int slot);
  /// There was no connection for its token.
  void unneeded(int slot);
  /// The worker had no descriptor for the connection, not even to refuse it.
  void exhausted(int slot);

  /// There may be connections that wait, or workers with room for them: look at the end of this round.
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
  std::vector<std::size_t> tokens_;            // by slot, to be sent
  std::vector<int> holders_;                   // slots that get some
  std::optional<std::uint64_t> next_look_ms_;  // at the queue
  std::uint64_t shortage_until_ms_ = 0;
  bool stopped_ = false;
};

}  // namespace procpool::supervisor
