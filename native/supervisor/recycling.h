#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace procpool::supervisor {

/// Which workers are to hand over to their standbys, one after the other: all of them, on the host's order, and those
/// that have served for as long as a worker may. Pure: the caller passes the time in ms. Supervisor.
class recycling {
 public:
  /// `lifetime_ms`: of a worker; 0: without end.
  recycling(std::size_t capacity, std::uint64_t lifetime_ms) : lifetime_ms_(lifetime_ms) { entries_.reserve(capacity); }

  /// A process of that slot is its worker from now on, and has taken over if it was told to; or there is none.
  void began(int slot, std::uint64_t now_ms);
  void ended(int slot);

  /// The host's order of this number: these workers.
  void begin(std::uint32_t order, std::span<const int> workers);

  /// Who is to hand over now: nobody while another does.
  std::optional<int> next(std::uint64_t now_ms);
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  /// The number of the last order, once after all its workers have.
  std::optional<std::uint32_t> finished();

 private:
  struct entry {
    std::optional<std::uint64_t> due_ms;  // of its lifetime
    bool queued = false;
    bool ordered = false;  // by the host
  };

  entry& at(int slot) {
    const auto index = static_cast<std::size_t>(slot);
    if (index >= entries_.size()) entries_.resize(index + 1);
    return entries_[index];
  }
  void done(int slot);

  std::uint64_t lifetime_ms_;
  std::vector<entry> entries_;  // by slot, grows as needed
  std::deque<int> queue_;
  std::optional<int> current_;
  std::optional<std::uint32_t> order_;
};

}  // namespace procpool::supervisor
