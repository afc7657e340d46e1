#include "interleaving.h"

#include <algorithm>
#include <limits>

namespace chaos {

namespace {

/// So many bytes that fit are no chance.
constexpr std::uint64_t certain = 16;
/// So many that fit may be one: the first of another stream, after a run's last.
constexpr std::uint64_t doubtful = 7;
/// What is kept of the output before `at_`, and has to be there after it before a run is looked for.
constexpr std::uint64_t kept_behind = 64;
constexpr std::uint64_t looked_ahead = 64;
/// After so many bytes without a run there is no hope for them.
constexpr std::uint64_t hopeless = 4096;

}  // namespace

void interleaving::take(std::span<const std::uint8_t> output) {
  const std::uint64_t keep_from = std::max(base_, at_ - std::min(at_, kept_behind));
  window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(keep_from - base_));
  base_ = keep_from;
  window_.insert(window_.end(), output.begin(), output.end());
  go_on(false);
}

void interleaving::go_on(bool last) {
  for (;;) {
    if (running_) {
      if (!extend_run() && !last) return;
      end_run();
    }
    if (!find_run(last)) return;
  }
}

/// False if it may go on in what is still to come.
bool interleaving::extend_run() {
  const auto rest = window(at_);
  const std::size_t count = code_.matching(rest, run_.stream, offset_);
  at_ += count;
  offset_ += count;
  return count < rest.size();
}

void interleaving::end_run() {
  running_ = false;
  stream& ended = streams_[run_.stream];
  if (run_.offset < ended.next) {
    const std::uint64_t again = std::min(offset_, ended.next);
    const bool is_late = pieces_.take_late(run_.stream, run_.offset, again);
    defects_.push_back({is_late ? defect_kind::reordered : defect_kind::doubled, run_.stream, run_.offset,
                        again - run_.offset, run_.at});
  }
  const std::uint64_t before = std::max(ended.next, run_.offset);
  if (offset_ <= before) return;
  ended = {.next = offset_, .end = at_, .run = offset_ - before, .piece = 0, .given = {}};
}

std::uint64_t interleaving::lowest_start() const {
  const stream& last = streams_[run_.stream];
  return last.end == at_ ? at_ - std::min(doubtful, last.run) : at_;
}

/// Looks for the next run. False if there is none in what has been read.
bool interleaving::find_run(bool last) {
  const std::uint64_t end = bytes();
  if (!last && end - at_ < looked_ahead) return false;
  const std::uint64_t needed = last ? word_bytes : certain;
  for (std::uint64_t at = lowest_start(); at + needed <= end; ++at) {
    if (const auto found = run_around(at)) {
      begin_run(*found);
      return true;
    }
  }
  if (last) {
    set_aside(end);
  } else if (end - at_ > hopeless) {
    set_aside(end - looked_ahead);
  }
  return false;
}

/// The run of which the word at that place is one: it joins what came of the stream before, or is long enough.
std::optional<interleaving::start> interleaving::run_around(std::uint64_t at) const {
  const auto found = code_.decode(word_at(window(at).data()));
  if (!found) return std::nullopt;
  const stream_id id = found->stream;
  const stream& known = streams_[id];
  std::uint64_t offset = found->index * word_bytes;
  const std::uint64_t lowest = offset > known.next ? lowest_start() : at_;
  std::uint64_t begin = at;
  while (begin > lowest && offset > 0 && offset != known.next && byte(begin - 1) == code_.at(id, offset - 1)) {
    --begin;
    --offset;
  }
  if (offset == known.next) return start{id, offset, begin};
  const auto after = window(at + word_bytes);
  const std::uint64_t length =
      at + word_bytes - begin +
      code_.matching(after.first(std::min<std::size_t>(after.size(), certain)), id, offset + at + word_bytes - begin);
  if (length < certain) return std::nullopt;
  // The stream's last run may have been taken for longer than it is.
  const std::uint64_t again = known.next - std::min(offset, known.next);
  if (again <= std::min(doubtful, known.run)) return start{id, offset + again, begin + again};
  return start{id, offset, begin};
}

void interleaving::begin_run(start found) {
  stream& goes_on = streams_[found.stream];
  if (found.at < at_) {
    const std::uint64_t count = at_ - found.at;
    const start later{found.stream, found.offset + count, at_};
    if (found.offset > goes_on.next && pieces_.fill(before(later))) {
      // They are the last run's all the same.
      goes_on.next = later.offset;
      found = later;
    } else {
      stream& last = streams_[run_.stream];
      shorten(last, count);
      last.given = pieces::gap{found.stream, found.offset, later.offset, goes_on.end, at_};
    }
  } else if (const std::uint64_t count = found.at - at_; count > 0) {
    if (belongs_before(found, count)) {
      give_back(found.stream, count);
      pieces_.fill_gaps();
      found = {found.stream, found.offset - count, at_};
    } else {
      set_aside(found.at);
    }
  }
  if (goes_on.piece > 0) pieces_.resume(std::exchange(goes_on.piece, 0), found.at);
  settle();
  if (const pieces::gap skipped = before(found); found.offset > goes_on.next) {
    const std::uint64_t size = skipped.to - skipped.from;
    const bool is_given = goes_on.given && goes_on.given->to - goes_on.given->from == size;
    if (!pieces_.fill(skipped) && !(is_given && pieces_.fill(*goes_on.given))) pieces_.keep(skipped);
    goes_on.next = found.offset;
    settle();
  }
  goes_on.given.reset();
  run_ = found;
  at_ = found.at;
  offset_ = found.offset;
  running_ = true;
}

pieces::gap interleaving::before(const start& found) const {
  const stream& goes_on = streams_[found.stream];
  return {found.stream, goes_on.next, found.offset, goes_on.end, found.at};
}

/// Whether the bytes before a run are the last ones of its stream's last run, which were another's that lacks them.
bool interleaving::belongs_before(const start& found, std::uint64_t count) const {
  const stream& goes_on = streams_[found.stream];
  if (found.offset != goes_on.next || count > std::min(doubtful, goes_on.run)) return false;
  const auto between = window(at_).first(count);
  return code_.matching(between, found.stream, found.offset - count) == count &&
         pieces_.lacks(goes_on.end - count, between);
}

/// What is before `end` is left to be explained by what follows.
void interleaving::set_aside(std::uint64_t end) {
  const auto unknown = window(at_).first(end - at_);
  stream& before = streams_[run_.stream];
  const std::uint64_t offset = before.next;
  if (unknown.size() > pieces::max_bytes) {
    defects_.push_back({defect_kind::unexplained, run_.stream, offset, unknown.size(), at_});
  } else if (!unknown.empty()) {
    ++short_pieces_;
    const bool joins = before.end == at_;
    pieces_.add(at_,
                pieces::piece{
                    {unknown.begin(), unknown.end()}, run_.stream, offset, joins ? std::min(doubtful, before.run) : 0});
    if (joins) before.piece = at_;
  }
  at_ = end;
}

void interleaving::shorten(stream& shortened, std::uint64_t bytes) const {
  shortened.next -= bytes;
  shortened.end -= bytes;
  shortened.run -= bytes;
}

void interleaving::give_back(stream_id id, std::uint64_t bytes) {
  stream& shortened = streams_[id];
  shorten(shortened, bytes);
  pieces::bytes content(bytes);
  code_.fill(content, id, shortened.next);
  pieces_.add(shortened.end, pieces::piece{std::move(content), id, shortened.next, 0});
}

/// Takes from streams what has turned out to be another's.
void interleaving::settle() {
  for (const auto& [id, bytes] : pieces_.take_excess()) shorten(streams_[id], bytes);
}

void interleaving::finish(std::span<const std::uint64_t> sent) {
  go_on(true);
  const auto sent_by = [sent](stream_id id) { return id < sent.size() ? sent[id] : 0; };
  for (stream_id id = 0; id < max_streams; ++id) {
    const std::uint64_t end = sent_by(id);
    const stream& ended = streams_[id];
    if (ended.next <= end) continue;
    const std::uint64_t surplus = ended.next - end;
    if (surplus <= std::min(doubtful, ended.run)) {
      give_back(id, surplus);
    } else {
      defects_.push_back({defect_kind::unsent, id, end, surplus, ended.end - std::min(surplus, ended.end)});
    }
  }
  pieces_.fill_gaps();
  settle();
  for (stream_id id = 0; id < max_streams; ++id) {
    const stream& ended = streams_[id];
    if (ended.next >= sent_by(id)) continue;
    const pieces::gap missing{id, ended.next, sent_by(id), ended.end, bytes()};
    if (!pieces_.fill(missing)) pieces_.keep(missing);
  }
  for (const auto& missing : pieces_.gaps())
    defects_.push_back({defect_kind::lost, missing.stream, missing.from, missing.to - missing.from, missing.before});
  for (const auto& [at, piece] : pieces_.unknown())
    defects_.push_back({defect_kind::unexplained, piece.previous, piece.previous_offset, piece.content.size(), at});
  std::ranges::stable_sort(defects_, {}, &defect::at);
}

}  // namespace chaos
