// The reader after a pool: reads stdin to its end, or a file, and verifies that each byte that chaos_send says it sent
// is there once and in order. Exits with 1 if one is not.
// chaos_check seed=S report=PATH (of chaos_send, read at the end) [file=PATH] [rate=0, bytes a second] [pause=0, ms
// without reading in every second] → JSON

#include <fcntl.h>

#include <fstream>
#include <set>
#include <vector>

#include "bench.h"
#include "interleaving.h"

namespace {

constexpr std::size_t read_bytes = 256UL * 1024UL;
constexpr std::size_t max_shown = 10;
constexpr std::uint64_t ms_ns = 1'000'000;

/// A reader that is slow, or stops for a while.
class reading_pace {
 public:
  reading_pace(std::uint64_t rate, std::uint64_t pause_ms) : rate_(rate), pause_ns_(pause_ms * ms_ns) {}

  [[nodiscard]] std::size_t read_size() const { return rate_ == 0 ? read_bytes : std::min(read_bytes, rate_ / 50 + 1); }

  void wait(std::uint64_t read) {
    if (rate_ > 0)
      due_ns_ = std::max(due_ns_, bench::sys::monotonic_ns() - ms_ns * 100) + read * bench::second_ns / rate_;
    if (const std::uint64_t in_second = bench::sys::monotonic_ns() % bench::second_ns; in_second < pause_ns_)
      due_ns_ = std::max(due_ns_, bench::sys::monotonic_ns() + pause_ns_ - in_second);
    if (due_ns_ > bench::sys::monotonic_ns()) bench::sleep_until(due_ns_);
  }

 private:
  std::uint64_t rate_;
  std::uint64_t pause_ns_;
  std::uint64_t due_ns_ = 0;
};

std::vector<std::uint64_t> sent(const std::string& path) {
  std::ifstream report(path);
  std::vector<std::uint64_t> streams;
  for (std::uint64_t bytes = 0; report >> bytes;) streams.push_back(bytes);
  if (!report.eof() || streams.empty() || streams.size() > chaos::max_streams) bench::fail(path + " is no report");
  return streams;
}

const char* name(chaos::defect_kind kind) {
  switch (kind) {
    case chaos::defect_kind::lost:
      return "\"lost\"";
    case chaos::defect_kind::doubled:
      return "\"doubled\"";
    case chaos::defect_kind::reordered:
      return "\"reordered\"";
    case chaos::defect_kind::unsent:
      return "\"unsent\"";
    case chaos::defect_kind::unexplained:
      return "\"unexplained\"";
  }
  return "";
}

std::string described(const chaos::defect& found) {
  return std::string("{") + bench::quoted("kind", name(found.kind)) + "," + bench::field("client", found.stream) + "," +
         bench::field("from", found.from) + "," + bench::field("bytes", found.bytes) + "," +
         bench::field("at", found.at) + "}";
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words,
                               {{"seed", "1"}, {"report", ""}, {"file", "-"}, {"rate", "0"}, {"pause", "0"}});
  const std::string& file = given.text("file");
  const bench::unique_fd input =
      bench::own("open", file == "-" ? STDIN_FILENO : bench::sys::open(file.c_str(), O_RDONLY));
  reading_pace pace(given.number<std::uint64_t>("rate", 0), given.number("pause", 0));
  chaos::interleaving output(given.number<std::uint64_t>("seed", 0));
  std::vector<std::uint8_t> buffer(pace.read_size());
  while (const auto got = bench::check("read", bench::sys::read(input.get(), buffer.data(), buffer.size()))) {
    output.take(std::span(buffer).first(static_cast<std::size_t>(got)));
    pace.wait(static_cast<std::uint64_t>(got));
  }

  const std::vector<std::uint64_t> streams = sent(given.text("report"));
  output.finish(streams);
  const auto& defects = output.defects();
  std::set<chaos::stream_id> damaged;
  for (const auto& found : defects) damaged.insert(found.stream);
  std::string shown;
  for (std::size_t index = 0; index < std::min(defects.size(), max_shown); ++index)
    shown.append(index == 0 ? "" : ",").append(described(defects[index]));
  bench::print(bench::field("bytes", output.bytes()) + "," + bench::field("clients", streams.size()) + "," +
               bench::field("complete", streams.size() - std::min(damaged.size(), streams.size())) + "," +
               bench::field("shortPieces", output.short_pieces()) + "," + bench::field("defects", defects.size()) +
               "," + bench::quoted("first", std::string("[") + shown + "]"));
  return defects.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
