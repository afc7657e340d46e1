#pragma once

#include <cstdint>
#include <optional>

#include "worker/acceptor.h"
#include "worker/any_service.h"
#include "worker/supervisor_link.h"
#include "worker/worker_parts.h"

namespace procpool::worker {

/// Carries out a worker's end, stage by stage, as the supervisor orders it: shutdown.h has the stages. Worker.
class stopping {
 public:
  stopping(worker_parts& worker, acceptor& acceptor, any_service& service, supervisor_link& supervisor)
      : worker_(worker), acceptor_(acceptor), service_(service), supervisor_(supervisor) {}

  /// SIGTERM came: what it means is the supervisor's to say. It may have reached the whole process group.
  void ask();
  /// No more clients; exit after the last connection.
  void retire();
  /// Deliver what has arrived and exit; the other workers go on to accept.
  void leave();
  /// The same, and serve all who wait to be accepted: the pool stops.
  void drain();
  /// There is no supervisor any more: drain, with a deadline of one's own.
  void orphan();
  /// Let another process of the slot go on, as soon as nothing would be lost, or at the drain timeout all the same.
  void hand_over();
  /// Drain timeout reached: offer once more what is staged, count what is left, exit.
  void expire();

  /// After each round of the loop.
  void end_round();

  /// The worker has nothing more to do.
  [[nodiscard]] bool finished() const;
  /// A record was cut off.
  [[nodiscard]] bool cut_off() const { return cut_off_; }

  /// It is to hand over: it looks often whether it can.
  [[nodiscard]] bool hands_over() const { return handover_ms_.has_value(); }

 private:
  void try_to_hand_over();

  worker_parts& worker_;
  acceptor& acceptor_;
  any_service& service_;
  supervisor_link& supervisor_;
  bool asked_ = false;
  bool cut_off_ = false;
  std::optional<std::uint64_t> deadline_ms_;  // once there is no supervisor to set one
  std::optional<std::uint64_t> handover_ms_;  // when to hand over at the latest
};

}  // namespace procpool::worker
