#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace procpool::supervisor {

/// Which worker accepts next: strict round robin over the workers that are ready, so that shares differ
/// by at most one connection. A token is the right to accept one; a worker holds max_tokens at most. A
/// worker that has not used a token for too long (it is stuck, or waits for a disk) is left out until
/// it does. Pure: the caller passes the time in ms. Supervisor.
class dispatcher {
 public:
  /// Per worker: enough to keep it busy while its reports are on their way.
  static constexpr std::uint32_t max_tokens = 16;

  /// After so long without a report a worker is overdue: its tokens no longer hold up the others.
  static constexpr std::uint64_t patience_ms = 20;

  void add(int slot);
  /// Its tokens no longer count.
  void remove(int slot);

  /// Gives the next worker a token. None: there is no worker, or the next holds max_tokens.
  std::optional<int> next(std::uint64_t now_ms);

  /// The worker has used a token.
  void reported(int slot, std::uint64_t now_ms);

  /// Tokens held by workers that are not overdue.
  [[nodiscard]] std::size_t in_flight(std::uint64_t now_ms) const;

  /// When the next worker will be overdue.
  [[nodiscard]] std::optional<std::uint64_t> next_overdue_ms(std::uint64_t now_ms) const;

 private:
  struct entry {
    bool ready = false;
    std::uint32_t tokens = 0;
    std::uint64_t since_ms = 0;  // the first token, or the last report
  };

  [[nodiscard]] static bool overdue(const entry& worker, std::uint64_t now_ms) {
    return worker.tokens > 0 && now_ms - worker.since_ms >= patience_ms;
  }

  std::vector<entry> entries_;  // by slot
  std::size_t turn_ = 0;
};

}  // namespace procpool::supervisor
