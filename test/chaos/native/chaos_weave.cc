// Output as a pool may make it, without a pool: streams in pieces that end anywhere, in any order. With a defect, at a
// random place, to prove chaos_check. Writes it to stdout, and the report that chaos_send would write.
// chaos_weave report=PATH [seed=1] [clients=100] [bytes=10000000, of all] [least=16] [most=4000, bytes of a piece]
// [short=0, one piece in so many is shorter than 16 bytes]
// [defect=none | drop | double | swap | flip] [size=1, bytes of the defect] → JSON on stderr: where that is

#include <cmath>
#include <fstream>
#include <random>
#include <vector>

#include "bench.h"
#include "stream_code.h"

namespace {

struct woven {
  std::vector<std::uint8_t> output;
  std::vector<std::uint64_t> streams;
};

/// Lengths of pieces are spread evenly over their orders of magnitude.
std::size_t length(std::mt19937_64& random, double least, double most) {
  std::uniform_real_distribution<double> exponent(std::log(least), std::log(most + 1));
  return static_cast<std::size_t>(std::exp(exponent(random)));
}

woven weave(const bench::arguments& given, std::mt19937_64& random) {
  const chaos::stream_code code(given.number<std::uint64_t>("seed", 0));
  woven made{.output = std::vector<std::uint8_t>(given.number<std::uint64_t>("bytes")),
             .streams = std::vector<std::uint64_t>(given.number<std::uint64_t>("clients"))};
  const auto least = static_cast<double>(given.number("least"));
  const auto most = static_cast<double>(given.number("most"));
  const auto seldom = given.number<std::uint64_t>("short", 0);
  for (std::span<std::uint8_t> rest(made.output); !rest.empty();) {
    const auto id = static_cast<chaos::stream_id>(random() % made.streams.size());
    const bool is_short = seldom > 0 && random() % seldom == 0;
    const std::size_t size = is_short ? 1 + random() % 15 : length(random, least, most);
    const auto piece = rest.first(std::min(rest.size(), size));
    code.fill(piece, id, made.streams[id]);
    made.streams[id] += piece.size();
    rest = rest.subspan(piece.size());
  }
  return made;
}

/// Damages `size` bytes; returns where.
std::size_t damage(std::vector<std::uint8_t>& output, const std::string& how, std::size_t size,
                   std::mt19937_64& random) {
  const std::size_t at = random() % (output.size() - 2 * size);
  const auto begin = output.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(size);
  if (how == "drop") {
    output.erase(begin, end);
  } else if (how == "double") {
    const std::vector<std::uint8_t> again(begin, end);
    output.insert(end, again.begin(), again.end());
  } else if (how == "swap") {
    std::swap_ranges(begin, end, end);
  } else if (how == "flip") {
    for (auto byte = begin; byte != end; ++byte) *byte ^= static_cast<std::uint8_t>(1 + random() % 255);
  } else {
    bench::fail("what is defect=" + how + "?");
  }
  return at;
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words,
                               {{"report", ""},
                                {"seed", "1"},
                                {"clients", "100"},
                                {"bytes", "10000000"},
                                {"least", "16"},
                                {"most", "4000"},
                                {"short", "0"},
                                {"defect", "none"},
                                {"size", "1"}});
  std::mt19937_64 random(given.number<std::uint64_t>("seed", 0));
  woven made = weave(given, random);
  std::ofstream report(given.text("report"));
  for (const std::uint64_t bytes : made.streams) report << bytes << '\n';
  if (!report.flush()) bench::fail("the report cannot be written");
  if (const std::string& how = given.text("defect"); how != "none")
    bench::print(bench::field("at", damage(made.output, how, given.number<std::size_t>("size"), random)), stderr);
  for (std::span<const std::uint8_t> rest(made.output); !rest.empty();)
    rest = rest.subspan(
        static_cast<std::size_t>(bench::check("write", bench::sys::write(STDOUT_FILENO, rest.data(), rest.size()))));
}
