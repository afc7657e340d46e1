#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace procpool::supervisor {

/// Which workers still write to where stdout led before it was opened anew. Each is asked to change
/// over, one order at a time, and says when it has: whoever ordered it is told when all have. Pure:
/// the caller passes the time in ms. Supervisor.
class reopening {
 public:
  explicit reopening(std::size_t capacity) : seats_(capacity) {}

  /// From now on stdout leads elsewhere, by the host's order of this number. Workers started later know.
  void begin(std::uint32_t order, std::span<const int> workers);

  /// A worker that is to be asked, if there is one.
  [[nodiscard]] std::optional<int> next(std::uint64_t now_ms) const;
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  void asked(int slot);
  /// It could not be asked, or could not do it: it is asked again then.
  void put_off(int slot, std::uint64_t until_ms);
  /// It has changed over to where stdout led when it was asked.
  void changed(int slot);
  void ended(int slot);

  /// The last order, once all have changed over; none if that was said already.
  std::optional<std::uint32_t> finished();

 private:
  enum class stage : std::uint8_t { current, behind, asked };

  struct seat {
    stage now = stage::current;
    bool outdated = false;  // stdout leads elsewhere since it was asked
    std::uint64_t wake_ms = 0;
  };

  seat& at(int slot) { return seats_[static_cast<std::size_t>(slot)]; }

  std::vector<seat> seats_;
  std::size_t behind_ = 0;  // or asked
  std::optional<std::uint32_t> order_;
};

}  // namespace procpool::supervisor
