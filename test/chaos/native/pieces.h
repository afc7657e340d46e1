#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "stream_code.h"

namespace chaos {

/// Short pieces of output of which it is not yet known whose they are, and what streams have skipped. A piece too short
/// to tell its stream is found out when that stream goes on after it: then the skipped bytes are looked for here.
class pieces {
 public:
  using bytes = std::vector<std::uint8_t>;
  /// What is longer is not made up of short pieces.
  static constexpr std::uint64_t max_bytes = 256;

  struct piece {
    bytes content;
    /// The stream whose run ends where the piece begins, and its offset there.
    stream_id previous;
    std::uint64_t previous_offset;
    /// So many of that run's last bytes may belong to the piece: they fit both.
    std::uint64_t doubtful;
    /// Where in the output that stream goes on; 0 if it has not yet.
    std::uint64_t resumed = 0;
  };

  /// Bytes of a stream that lie between two places of the output.
  struct gap {
    stream_id stream;
    std::uint64_t from;
    std::uint64_t to;
    std::uint64_t after;
    std::uint64_t before;
  };

  explicit pieces(const stream_code& code) : code_(code) {}

  void add(std::uint64_t at, piece unknown) { unknown_.emplace(at, std::move(unknown)); }

  /// Uses up pieces that make it whole; false if there are none.
  bool fill(const gap& skipped);
  /// To be filled later, or lost.
  void keep(const gap& skipped) { gaps_.push_back(skipped); }

  /// The stream whose run ends at that piece goes on.
  void resume(std::uint64_t at, std::uint64_t resumed);

  /// Bytes that turned out not to be those of a stream that has not gone on since: the last ones of its last run.
  struct excess {
    stream_id stream;
    std::uint64_t bytes;
  };

  [[nodiscard]] std::vector<excess> take_excess() { return std::exchange(excess_, {}); }

  /// Tries the gaps that were kept.
  void fill_gaps();
  /// Whether a gap that was kept lacks just that.
  [[nodiscard]] bool lacks(std::uint64_t at, std::span<const std::uint8_t> content) const;
  /// Takes what comes after all out of the gap that it is missing in; false if there is none.
  bool take_late(stream_id stream, std::uint64_t from, std::uint64_t to);

  /// By place in the output.
  [[nodiscard]] const std::map<std::uint64_t, piece>& unknown() const { return unknown_; }
  [[nodiscard]] const std::vector<gap>& gaps() const { return gaps_; }

 private:
  /// Of a piece, with so many bytes of the run before it.
  struct part {
    std::uint64_t at;
    std::size_t begin;
    std::size_t size;
    std::size_t borrowed;
    std::size_t rank;
  };

  struct search {
    const gap& skipped;
    bool may_borrow;
    bytes wanted;
    std::vector<part> chosen;
    unsigned steps = 1000;
  };

  bool fill(const gap& skipped, bool may_borrow);
  bool go_on(search& searched, std::size_t done, std::uint64_t after) const;
  [[nodiscard]] std::vector<part> candidates(const search& searched, std::size_t done, std::uint64_t after) const;
  bool take(const part& used);

  const stream_code& code_;
  std::map<std::uint64_t, piece> unknown_;
  std::vector<gap> gaps_;
  std::vector<excess> excess_;
};

}  // namespace chaos
