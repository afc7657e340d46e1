// The next program of a pipeline: reads all of stdin, a while apart if it is to be slow, and counts.
// count_stdin report=PATH [pause_us=0, after each read] → JSON in that file

#include <vector>

#include "bench.h"

int main(int count, char** words) {
  const bench::arguments given(count, words, {{"report", ""}, {"pause_us", "0"}});
  const std::uint64_t pause_ns = given.number("pause_us", 0) * 1000;
  std::vector<char> buffer(64UL * 1024UL);
  std::uint64_t bytes = 0;
  std::uint64_t reads = 0;
  while (const auto got = bench::check("read", bench::sys::read(STDIN_FILENO, buffer.data(), buffer.size()))) {
    bytes += static_cast<std::uint64_t>(got);
    ++reads;
    if (pause_ns > 0) bench::sleep_until(bench::sys::monotonic_ns() + pause_ns);
  }
  std::FILE* report = std::fopen(given.text("report").c_str(), "we");
  if (report == nullptr) bench::fail("fopen: " + std::string(std::strerror(errno)));
  bench::print(bench::field("bytes", bytes) + "," + bench::field("reads", reads), report);
  if (std::fclose(report) != 0) bench::fail("fclose: " + std::string(std::strerror(errno)));
}
