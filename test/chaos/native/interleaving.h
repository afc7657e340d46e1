#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pieces.h"
#include "stream_code.h"

namespace chaos {

enum class defect_kind : std::uint8_t { lost, doubled, reordered, unsent, unexplained };

struct defect {
  defect_kind kind;
  stream_id stream;
  /// In the stream.
  std::uint64_t from;
  std::uint64_t bytes;
  /// In the output.
  std::uint64_t at;
};

/// Takes apart output in which streams are interleaved at any byte. It assigns each byte of the output to one byte of
/// a stream, in the order of both; where that is possible, and the streams are as long as was sent, there is no defect.
/// So it accepts only what a pool may deliver. Whose a piece shorter than 16 bytes is, it finds out from what follows:
/// in one of some thousand such pieces it may fail, and reports a defect that is none. Neither clock nor descriptor.
class interleaving {
 public:
  explicit interleaving(std::uint64_t seed) : code_(seed), pieces_(code_) {}

  void take(std::span<const std::uint8_t> output);
  /// The output has ended; the bytes that each stream was sent.
  void finish(std::span<const std::uint64_t> sent);

  [[nodiscard]] std::uint64_t bytes() const { return base_ + window_.size(); }
  /// In the order in which they were noticed.
  [[nodiscard]] const std::vector<defect>& defects() const { return defects_; }
  /// Pieces that were too short to tell at once whose they are.
  [[nodiscard]] std::uint64_t short_pieces() const { return short_pieces_; }

 private:
  struct stream {
    /// The offset of the next byte.
    std::uint64_t next = 0;
    /// Where in the output its last run ends, and how long that is.
    std::uint64_t end = 0;
    std::uint64_t run = 0;
    /// The piece that begins there, if one does.
    std::uint64_t piece = 0;
    /// The bytes after `next`, if the run after it has been given them: what that one's stream lacks without them.
    std::optional<pieces::gap> given;
  };

  struct start {
    stream_id stream;
    std::uint64_t offset;
    std::uint64_t at;
  };

  void go_on(bool last);
  bool extend_run();
  void end_run();
  bool find_run(bool last);
  [[nodiscard]] std::optional<start> run_around(std::uint64_t at) const;
  void begin_run(start found);
  [[nodiscard]] bool belongs_before(const start& found, std::uint64_t count) const;
  [[nodiscard]] pieces::gap before(const start& found) const;
  void set_aside(std::uint64_t end);
  /// The last bytes of a stream's last run are not its: they only look like it.
  void shorten(stream& shortened, std::uint64_t bytes) const;
  void give_back(stream_id id, std::uint64_t bytes);
  void settle();
  /// The lowest place at which the run after the last one may begin.
  [[nodiscard]] std::uint64_t lowest_start() const;

  [[nodiscard]] std::span<const std::uint8_t> window(std::uint64_t at) const {
    return std::span(window_).subspan(at - base_);
  }
  [[nodiscard]] std::uint8_t byte(std::uint64_t at) const { return window_[at - base_]; }

  stream_code code_;
  pieces pieces_;
  std::vector<stream> streams_ = std::vector<stream>(max_streams);
  std::vector<defect> defects_;
  /// What has been read of the output, from `base_` on; `at_` is how far it is explained.
  std::vector<std::uint8_t> window_;
  std::uint64_t base_ = 0;
  std::uint64_t at_ = 0;
  /// The run that goes on at `at_`, or has ended before it, and the next byte of its stream.
  start run_{};
  std::uint64_t offset_ = 0;
  bool running_ = false;
  std::uint64_t short_pieces_ = 0;
};

}  // namespace chaos
