#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace procpool::supervisor {

/// Whose turn it is to accept: round robin over the workers that accept, each holding so many tokens
/// at most. The order is strict, so that shares differ by at most one; only a worker that has not
/// reported a token for too long (it is stuck, or waits for a disk) loses its turns, until it does.
/// Pure: the caller passes the time in ms. Supervisor.
class dispatcher {
 public:
  /// Tokens of one worker: enough to keep it busy while its reports are on their way.
  static constexpr std::uint32_t max_tokens = 16;

  /// After so long without a report a worker's tokens no longer hold up the others.
  static constexpr std::uint64_t patience_ms = 20;

  void add(int worker);
  /// Takes its tokens back, too.
  void remove(int worker);

  /// Gives the next worker a token. None: nobody accepts, or whose turn it is holds enough.
  std::optional<int> next(std::uint64_t now_ms);

  /// The worker has used a token.
  void reported(int worker, std::uint64_t now_ms);

  /// Tokens that are out and not overdue.
  [[nodiscard]] std::size_t in_flight(std::uint64_t now_ms) const;

  /// When the next of them will be.
  [[nodiscard]] std::optional<std::uint64_t> next_overdue_ms(std::uint64_t now_ms) const;

 private:
  struct seat {
    bool taken = false;
    std::uint32_t tokens = 0;
    std::uint64_t since_ms = 0;  // it got the first of them, or reported one
  };

  [[nodiscard]] static bool overdue(const seat& one, std::uint64_t now_ms) {
    return one.tokens > 0 && now_ms - one.since_ms >= patience_ms;
  }

  std::vector<seat> seats_;
  std::size_t turn_ = 0;
};

}  // namespace procpool::supervisor
