#pragma once

#include <cstdint>

#include "event/interval_timer.h"
#include "event/timer_wheel.h"
#include "ipc/message.h"
#include "worker/connections/worker_clock.h"

namespace procpool::worker {

/// A connection's deadlines, in ticks of the worker's wheel.
struct deadline_ticks {
  static constexpr event::tick never = event::timer_wheel::never;

  event::tick idle = never;
  event::tick max_age = never;
  event::tick request = never;
  event::tick phase = never;  // of what is expected of the client now
  ipc::timeout_reason phase_reason{};

  [[nodiscard]] event::tick first() const;
  /// Which of them is the first.
  [[nodiscard]] ipc::timeout_reason reason() const;
};

/// With its one timer, which is set to the first.
struct client_deadlines : event::timer, deadline_ticks {
  client_deadlines() = default;
  explicit client_deadlines(const deadline_ticks& ticks) : deadline_ticks(ticks) {}
};

/// The deadlines of all of a worker's connections: a timing wheel, and the interval timer that wakes
/// the worker when the wheel has to be turned, which is set only while something is pending. None is
/// early, and none is later than a tick and the round of the loop. Worker.
class deadlines {
 public:
  static constexpr std::uint64_t tick_ns = 10'000'000;

  deadlines(const ipc::pool_config& config, const worker_clock& clock);

  /// A connection begins.
  void begin(client_deadlines& client);
  /// It goes on in this worker, with the deadlines that it had.
  void resume(client_deadlines& client) { set(client); }

  /// The client has sent or taken bytes: it is not idle.
  void renew(client_deadlines& client);

  /// Something is expected of the client within that time, instead of what was before. 0: nothing.
  void expect(client_deadlines& client, ipc::timeout_reason reason, std::uint32_t within_ms);

  /// A request has to be there as a whole within that time.
  void expect_request(client_deadlines& client, std::uint32_t within_ms);

  /// What was expected of the client is there.
  void expect_nothing(client_deadlines& client) {
    if (client.phase == client_deadlines::never && client.request == client_deadlines::never) return;
    client.phase = client.request = client_deadlines::never;
    set(client);
  }

  /// Nothing is expected of the client any more: it waits for the worker.
  void suspend(client_deadlines& client);

  /// What was due counts again after that time; the other deadlines stay as they are.
  void put_off(client_deadlines& client, ipc::timeout_reason reason, std::uint32_t by_ms);

  /// What was due could not be done yet: it is due again at the next tick.
  void again(client_deadlines& client) { wheel_.set(client, wheel_.now() + 1); }

  void cancel(client_deadlines& client) { wheel_.cancel(client); }

  /// After the interval timer's signal, when the round's other events are done: calls
  /// expire(client, reason) for each client whose time is over. It has no timer then, until the next
  /// of the calls above.
  template <typename Expire>
  void turn(Expire expire) {
    alarm_timer_.fired();
    wheel_.advance(clock_.now_ns() / tick_ns, [&expire](event::timer& due) {
      auto& client = static_cast<client_deadlines&>(due);
      expire(client, client.reason());
    });
  }

  /// At the end of a round: sets the interval timer to when the wheel has to be turned next.
  void arm();

 private:
  /// 0: never.
  [[nodiscard]] event::tick after(std::uint32_t ms) const;
  void set(client_deadlines& client);

  const ipc::pool_config& config_;
  const worker_clock& clock_;
  event::timer_wheel wheel_;
  event::interval_timer alarm_timer_;
  event::tick alarm_tick_ = 0;
};

}  // namespace procpool::worker
