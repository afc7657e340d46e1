#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "sys/sockets.h"

namespace procpool::worker {

/// The one call of a worker's that is under way and changes what its memory has to know: what it is, and the counts
/// from before it. Lies in worker_memory, so that whoever takes over from a dead worker can ask the kernel what the
/// call did, and set the counts right. Every step sets a count to a value, and adds nothing to it: so it can be
/// repeated, however often those who repair die too. Pure: asks nobody. Worker, one.
class intent {
 public:
  enum class call : std::uint8_t {
    none,
    receive,     // socket → staging buffer; the kernel notes the length
    fill_pipe,   // socket or staging buffer → private pipe, which holds more afterwards
    drain_pipe,  // private pipe → output or staging buffer; it holds less
    send,        // staging buffer → output, a socket; the kernel notes the length
    write_file,  // staging buffer → output, a file; its offset moves
    write,       // staging buffer → output that tells nothing: taken for not done, so that nothing is lost
    advance,     // none: `max` has been done, and the counts follow
    accept,      // a connection, of which the table may not know yet
    watch,       // a client's events change
    close,       // a client is closed; the counts follow
  };

  /// A count that changes by what the call moves.
  struct effect {
    std::uint64_t* count;
    std::int64_t sign;
    std::uint64_t before;
  };
  static effect adds(std::uint64_t& count) { return {&count, 1, count}; }
  static effect takes(std::uint64_t& count) { return {&count, -1, count}; }

  /// Before the call. `before`: what the kernel would say now of what answer() is to be asked of. `max`: how much it
  /// can move.
  void begin(call what, std::uint64_t before, std::uint64_t max, std::initializer_list<effect> effects) {
    std::copy(effects.begin(), effects.end(), effects_.begin());
    count_ = effects.size();
    before_ = before;
    max_ = max;
    // What the call before has left there is none of this one's, if the worker dies before it is made.
    transfer.message.msg_len = sys::noted_transfer::unknown;
    start(what, -1);
  }
  /// The same, of a client's connection; -1: its descriptor is not known yet.
  void begin(call what, int client, std::initializer_list<effect> effects = {}) {
    std::copy(effects.begin(), effects.end(), effects_.begin());
    count_ = effects.size();
    before_ = 0;
    max_ = 1;
    start(what, client);
  }
  void set_client(int client) { client_ = client; }

  /// Sets the counts, and leaves it under way: others see them from now on.
  void apply(std::uint64_t moved) {
    order();
    for (const effect& each : effects()) *each.count = each.before + static_cast<std::uint64_t>(each.sign) * moved;
  }
  /// After it: so much was moved. May be repeated until it has returned.
  void end(std::uint64_t moved) {
    apply(moved);
    finish();
  }
  /// After one that changes no counts.
  void finish() {
    order();
    call_ = call::none;
    order();
  }

  [[nodiscard]] call under_way() const { return call_; }
  [[nodiscard]] int client() const { return client_; }

  /// What the call has moved. `answer`: bytes that the private pipe holds, or the output's offset, whichever it is
  /// about.
  [[nodiscard]] std::uint64_t moved(std::uint64_t answer) const {
    switch (call_) {
      case call::receive:
      case call::send:
        return std::min<std::uint64_t>(transfer.length(), max_);
      case call::fill_pipe:
        return std::min(answer - std::min(before_, answer), max_);
      case call::drain_pipe:
        return std::min(before_ - std::min(before_, answer), max_);
      case call::write_file:
        return written(answer);
      case call::advance:
      case call::close:
        return max_;
      default:
        return 0;
    }
  }

  sys::noted_transfer transfer;  // of receive and send

 private:
  /// A killed process has executed its instructions in order: only the compiler must not change that.
  static void order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

  void start(call what, int client) {
    client_ = client;
    order();
    call_ = what;
    order();
  }

  [[nodiscard]] std::span<const effect> effects() const { return std::span(effects_).first(count_); }

  /// An offset that is smaller, or larger than it can be, says that others have truncated the file or written to it,
  /// too: the call was made, and most likely as a whole.
  [[nodiscard]] std::uint64_t written(std::uint64_t offset) const {
    return offset >= before_ ? std::min(offset - before_, max_) : std::min(offset, max_);
  }

  call call_ = call::none;
  int client_ = -1;
  std::uint64_t before_ = 0;
  std::uint64_t max_ = 0;
  std::array<effect, 3> effects_{};
  std::size_t count_ = 0;
};

}  // namespace procpool::worker
