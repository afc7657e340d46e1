#include "pieces.h"

#include <functional>

namespace chaos {

/// So many bytes in the middle of a piece are not equal by chance.
constexpr std::size_t certain = 4;

void pieces::fill_gaps() {
  std::erase_if(gaps_, [this](const gap& skipped) { return fill(skipped); });
}

bool pieces::lacks(std::uint64_t at, std::span<const std::uint8_t> content) const {
  return std::ranges::any_of(gaps_, [&](const gap& skipped) {
    return skipped.to - skipped.from == content.size() && at >= skipped.after &&
           at + content.size() <= skipped.before &&
           code_.matching(content, skipped.stream, skipped.from) == content.size();
  });
}

bool pieces::take_late(stream_id stream, std::uint64_t from, std::uint64_t to) {
  for (gap& missing : gaps_) {
    if (missing.stream != stream || from < missing.from || to > missing.to) continue;
    const gap rest{stream, to, missing.to, missing.after, missing.before};
    missing.to = from;
    if (rest.from < rest.to) gaps_.push_back(rest);
    std::erase_if(gaps_, [](const gap& left) { return left.from == left.to; });
    return true;
  }
  return false;
}

void pieces::resume(std::uint64_t at, std::uint64_t resumed) {
  const auto found = unknown_.find(at);
  if (found != unknown_.end()) found->second.resumed = resumed;
}

bool pieces::fill(const gap& skipped) { return fill(skipped, false) || fill(skipped, true); }

bool pieces::fill(const gap& skipped, bool may_borrow) {
  const std::uint64_t size = skipped.to - skipped.from;
  if (size > max_bytes || unknown_.empty()) return false;
  search searched{.skipped = skipped, .may_borrow = may_borrow, .wanted = bytes(size), .chosen = {}};
  code_.fill(searched.wanted, skipped.stream, skipped.from);
  if (!go_on(searched, 0, skipped.after)) return false;
  if (!may_borrow) {
    for (const part& used : searched.chosen) take(used);
    return true;
  }
  const auto unknown = unknown_;
  const auto surplus = excess_;
  if (std::ranges::all_of(searched.chosen, [this](const part& used) { return take(used); })) return true;
  unknown_ = unknown;
  excess_ = surplus;
  return false;
}

bool pieces::go_on(search& searched, std::size_t done, std::uint64_t after) const {
  if (done == searched.wanted.size()) return true;
  for (const part& candidate : candidates(searched, done, after)) {
    if (searched.steps == 0) return false;
    --searched.steps;
    searched.chosen.push_back(candidate);
    const std::uint64_t end = candidate.at + candidate.begin + candidate.size;
    if (go_on(searched, done + candidate.borrowed + candidate.size, end)) return true;
    searched.chosen.pop_back();
  }
  return false;
}

/// The longest first; of those, such as leave nothing of a piece, then such as do not part it: what is equal by chance
/// should not be taken out of the middle of another's.
std::vector<pieces::part> pieces::candidates(const search& searched, std::size_t done, std::uint64_t after) const {
  std::vector<part> found;
  const auto wanted = std::span(searched.wanted).subspan(done);
  const auto consider = [&](std::uint64_t at, const bytes& content, std::size_t begin, std::size_t borrowed) {
    const auto [there, ignored] = std::ranges::mismatch(std::span(content).subspan(begin), wanted.subspan(borrowed));
    const auto size = static_cast<std::size_t>(there - std::span(content).subspan(begin).begin());
    if (size == 0) return;
    const std::size_t edges = (begin == 0 ? 1U : 0U) + (begin + size == content.size() ? 1U : 0U);
    if (edges == 0 && size < certain) return;
    found.push_back({at, begin, size, borrowed, (size + borrowed) * 4 + edges});
  };
  auto candidate = unknown_.upper_bound(after);
  if (candidate != unknown_.begin()) --candidate;
  for (; candidate != unknown_.end() && candidate->first < searched.skipped.before; ++candidate) {
    const auto& [at, unknown] = *candidate;
    for (std::size_t begin = after > at ? after - at : 0; begin < unknown.content.size(); ++begin)
      consider(at, unknown.content, begin, 0);
    if (!searched.may_borrow || unknown.previous == searched.skipped.stream) continue;
    for (std::size_t borrowed = 1; borrowed <= unknown.doubtful && at - borrowed >= after && borrowed < wanted.size();
         ++borrowed) {
      if (code_.matching(wanted.first(borrowed), unknown.previous, unknown.previous_offset - borrowed) == borrowed)
        consider(at, unknown.content, 0, borrowed);
    }
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &part::rank);
  return found;
}

/// False if what it borrows leaves a gap that cannot be filled.
bool pieces::take(const part& used) {
  // An earlier part may have left a rest of the piece, under its own place.
  const auto place = std::prev(unknown_.upper_bound(used.at + used.begin));
  const std::size_t begin = used.at + used.begin - place->first;
  const piece whole = std::move(place->second);
  const std::uint64_t at = place->first;
  unknown_.erase(place);
  const auto first = whole.content.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto last = first + static_cast<std::ptrdiff_t>(used.size);
  if (last != whole.content.end())
    unknown_.emplace(at + begin + used.size,
                     piece{{last, whole.content.end()}, whole.previous, whole.previous_offset, 0});
  if (begin > 0)
    unknown_.emplace(
        at,
        piece{{whole.content.begin(), first}, whole.previous, whole.previous_offset, whole.doubtful, whole.resumed});
  if (used.borrowed == 0) return true;
  if (whole.resumed == 0) {
    excess_.push_back({whole.previous, used.borrowed});
    return true;
  }
  return fill(
      {whole.previous, whole.previous_offset - used.borrowed, whole.previous_offset, at - used.borrowed, whole.resumed},
      false);
}

}  // namespace chaos
