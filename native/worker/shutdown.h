#pragma once

#include <cstddef>
#include <cstdint>

namespace procpool::worker {

/// How far a worker is on the way to its end, and what it owes before. Data only: the loop and the clients act on it.
/// Lies in worker_memory; all zero is how it begins. Worker.
class shutdown {
 public:
  /// After the death of the worker before: the debtors are counted anew.
  void resume() { debtors_ = 0; }

  void retire() {
    if (stage_ == stage::running) stage_ = stage::retiring;
  }
  /// False: it has begun before.
  bool drain() {
    if (draining()) return false;
    stage_ = stage::draining;
    return true;
  }
  /// False: it has before.
  bool expire() {
    if (expired()) return false;
    stage_ = stage::expired;
    return true;
  }

  /// The worker ends with its last connection, or sooner.
  [[nodiscard]] bool ending() const { return stage_ != stage::running; }
  [[nodiscard]] bool draining() const { return stage_ >= stage::draining; }
  [[nodiscard]] bool expired() const { return stage_ == stage::expired; }

  /// Connections of which something is to be read that had arrived when the drain began.
  void add_debtor() { ++debtors_; }
  void remove_debtor() { --debtors_; }

  /// Until all debts are paid, clients without one wait: they would prolong the stop.
  [[nodiscard]] bool pays_debts() const { return draining() && !grace_; }
  /// True once, when all debts are paid.
  bool begin_grace() {
    if (!pays_debts() || debtors_ > 0) return false;
    grace_ = true;
    return true;
  }

 private:
  enum class stage : std::uint8_t {
    running,
    retiring,  // takes no new connections
    draining,
    expired,  // drain timeout reached
  };

  stage stage_;
  bool grace_;
  std::size_t debtors_;
};

}  // namespace procpool::worker
