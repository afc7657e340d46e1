#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace procpool::supervisor {

/// Which workers still write to the previous output after the pool's stdout has been replaced. Each is
/// told to switch, with at most one order under way per worker, and reports when it has; the host is
/// told when all have. Pure: the caller passes the time in ms. Supervisor.
class reopening {
 public:
  explicit reopening(std::size_t capacity) : entries_(capacity) {}

  /// Stdout has been replaced, by the host's order of this number. Workers started later inherit it.
  void begin(std::uint32_t order, std::span<const int> workers);

  /// A worker that has to be told, if there is one.
  [[nodiscard]] std::optional<int> next(std::uint64_t now_ms) const;
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  void told(int slot);
  /// It could not be told, or could not switch: it is told again then.
  void postpone(int slot, std::uint64_t until_ms);
  /// It has switched to the output of the order that it was told.
  void switched(int slot);
  void ended(int slot);

  /// The number of the last order, once after all workers have switched.
  std::optional<std::uint32_t> finished();

 private:
  enum class stage : std::uint8_t { current, behind, told };

  struct entry {
    stage now = stage::current;
    bool outdated = false;  // stdout has been replaced again since it was told
    std::uint64_t wake_ms = 0;
  };

  entry& at(int slot) { return entries_[static_cast<std::size_t>(slot)]; }

  std::vector<entry> entries_;   // by slot
  std::size_t outstanding_ = 0;  // workers that are behind or told
  std::optional<std::uint32_t> order_;
};

}  // namespace procpool::supervisor
