#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace procpool::supervisor {

/// Whose turn it is to accept: round robin over the workers that accept, each holding at most one
/// token at a time. The order is strict, so that shares differ by at most one; only a worker whose
/// token is overdue (it is stuck, or waits for a disk) loses its turns, until it reports. Pure: the
/// caller passes the time in ms. Supervisor.
class dispatcher {
 public:
  /// After so long without a report a token no longer holds up the others.
  static constexpr std::uint64_t patience_ms = 20;

  void add(int worker);
  /// Takes its token back, too.
  void remove(int worker);

  /// Gives the next worker a token. None: nobody accepts, or whose turn it is still holds one.
  std::optional<int> next(std::uint64_t now_ms);

  /// The worker has used its token.
  void reported(int worker);

  /// Tokens that are out and not overdue.
  [[nodiscard]] std::size_t in_flight(std::uint64_t now_ms) const;

  /// When the next of them will be.
  [[nodiscard]] std::optional<std::uint64_t> next_overdue_ms(std::uint64_t now_ms) const;

 private:
  struct seat {
    bool taken = false;
    bool token = false;
    std::uint64_t given_ms = 0;
  };

  [[nodiscard]] static bool holds_up(const seat& one, std::uint64_t now_ms) {
    return one.token && now_ms - one.given_ms < patience_ms;
  }

  std::vector<seat> seats_;
  std::size_t turn_ = 0;
};

}  // namespace procpool::supervisor
