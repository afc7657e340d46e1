#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace procpool::worker {

/// Says when a worker that is woken for a little input again and again does better to pause, so that
/// its next round finds more: every wake-up, read and write costs the same for one message as for
/// fifty. A pause is as long as it takes until each read is worth its call, within bounds. A worker
/// that is not busy never pauses. One whose clients wait for it, so that a pause gathers no more than
/// a round without, gives it up, each time for longer. Pure: knows no clock. Times in nanoseconds.
/// Worker.
class pacer {
 public:
  /// What pauses are to be like.
  struct profile {
    std::uint64_t min_pause_ns;  // shorter ones save too little, unless no longer one is allowed
    std::uint64_t busy_ns;       // a worker is whose rounds follow each other at this distance or less
    std::uint64_t gain;          // in quarters of what a round reads without: so much has to be gathered
  };

  /// Where nobody waits for an answer.
  static constexpr profile throughput{500'000, 125'000, 8};
  /// Where everybody does: a client that has its answer sends the next request the sooner.
  static constexpr profile latency{10'000, 500'000, 5};

  /// `delay_ns`: the longest pause; 0: there is none. `total_bytes`: where the count of bytes begins, which
  /// goes on from worker to worker of a slot.
  pacer(std::uint64_t delay_ns, const profile& pauses, std::uint64_t total_bytes)
      : max_pause_ns_(delay_ns),
        min_pause_ns_(std::min(delay_ns, pauses.min_pause_ns)),
        pauses_(pauses),
        total_bytes_(total_bytes) {}

  /// A round has ended, with so many bytes in total and so many reads of its own. Returns how long to
  /// pause now.
  std::uint64_t round(std::uint64_t now_ns, std::uint64_t total_bytes, std::uint64_t reads) {
    const std::uint64_t bytes = total_bytes - std::exchange(total_bytes_, total_bytes);
    if (max_pause_ns_ == 0 || bytes == 0) return 0;
    return pause_after(now_ns, bytes, std::max<std::uint64_t>(reads, 1));
  }

 private:
  static constexpr std::uint64_t worth_bytes = 1 << 11;          // so much pays a read
  static constexpr std::uint64_t full_bytes = 1 << 14;           // so much needs no pause
  static constexpr std::uint64_t max_round_ns = 10'000'000'000;  // so that no product overflows
  static constexpr std::uint32_t max_unprofitable = 4;           // pauses
  static constexpr std::uint32_t min_retry_rounds = 16;          // rounds
  static constexpr std::uint32_t max_retry_rounds = 1024;

  std::uint64_t pause_after(std::uint64_t now_ns, std::uint64_t bytes, std::uint64_t reads) {
    const std::uint64_t took_ns = std::min(now_ns - last_ns_, max_round_ns);
    last_ns_ = now_ns;
    const bool small = bytes < reads * full_bytes;
    pausing_ = pausing_ ? !unprofitable(took_ns, bytes) : busy(took_ns, bytes) && small;
    if (!pausing_ || !small) return 0;
    const std::uint64_t wanted_ns = std::max(bytes, reads * worth_bytes) * took_ns / bytes;
    pause_ns_ = (pause_ns_ + std::clamp(wanted_ns, min_pause_ns_, max_pause_ns_)) / 2;
    return pause_ns_;
  }

  bool busy(std::uint64_t took_ns, std::uint64_t bytes) {
    usual_bytes_ = (usual_bytes_ * 7 + bytes) / 8;
    usual_ns_ = (usual_ns_ * 7 + std::min(took_ns, 2 * pauses_.busy_ns)) / 8;
    pause_ns_ = min_pause_ns_;
    return ++rounds_ >= retry_rounds_ && usual_ns_ <= pauses_.busy_ns;
  }

  /// The last pauses gathered hardly more than a round does without, or kept the senders waiting.
  bool unprofitable(std::uint64_t took_ns, std::uint64_t bytes) {
    const bool paid = 4 * bytes >= pauses_.gain * usual_bytes_ && 2 * bytes * usual_ns_ >= usual_bytes_ * took_ns;
    unprofitable_ = paid ? 0 : unprofitable_ + 1;
    if (paid) retry_rounds_ = min_retry_rounds;
    if (unprofitable_ < max_unprofitable) return false;
    retry_rounds_ = std::min(retry_rounds_ * 2, max_retry_rounds);
    rounds_ = unprofitable_ = 0;
    return true;
  }

  std::uint64_t max_pause_ns_;
  std::uint64_t min_pause_ns_;
  profile pauses_;
  std::uint64_t total_bytes_;
  std::uint64_t last_ns_ = 0;
  std::uint64_t pause_ns_ = 0;
  // Of a round without a pause, on average:
  std::uint64_t usual_bytes_ = 0;
  std::uint64_t usual_ns_ = 2 * pauses_.busy_ns;
  std::uint32_t rounds_ = 0;                       // without a pause
  std::uint32_t retry_rounds_ = min_retry_rounds;  // so many of them before it pauses again
  std::uint32_t unprofitable_ = 0;                 // pauses in a row
  bool pausing_ = false;
};

}  // namespace procpool::worker
