#include "cycle_check.h"

#include <cstring>
#include <numeric>

#include "bind.h"

namespace procpool::testing {
namespace {

// Eight bytes in order, which are two whole cycles and leave a sender's place as it was.
using run = std::array<std::uint8_t, 8>;

run expected_run(std::size_t sender, unsigned place) {
  run bytes{};
  for (unsigned index = 0; index < bytes.size(); ++index) {
    bytes[index] = static_cast<std::uint8_t>(sender << 2U | ((place + index) & 3U));
  }
  return bytes;
}

std::size_t length_of_runs(std::span<const std::uint8_t> chunk, const run& expected) {
  std::size_t length = 0;
  while (length + expected.size() <= chunk.size() &&
         std::memcmp(chunk.data() + length, expected.data(), expected.size()) == 0) {
    length += expected.size();
  }
  return length;
}

}  // namespace

void cycle_check::add(std::span<const std::uint8_t> chunk) {
  while (!chunk.empty()) {
    const std::size_t sender = chunk[0] >> 2U;
    const std::size_t ordered = length_of_runs(chunk, expected_run(sender, next_[sender]));
    if (ordered > 0) {
      counts_[sender] += static_cast<double>(ordered);
      chunk = chunk.subspan(ordered);
      continue;
    }
    const unsigned place = chunk[0] & 3U;
    if (next_[sender] != place) ++disorder_;
    next_[sender] = static_cast<std::uint8_t>((place + 1) & 3U);
    counts_[sender] += 1;
    chunk = chunk.subspan(1);
  }
}

double cycle_check::total() const { return std::accumulate(counts_.begin(), counts_.end(), 0.0); }

template <>
struct js<std::array<double, cycle_check::senders>> {
  static Napi::Value to(Napi::Env env, const std::array<double, cycle_check::senders>& values) {
    Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
    std::copy(values.begin(), values.end(), array.Data());
    return array;
  }
};

void show_cycle_check(Napi::Object exports) {
  constructor(
      exports, "CycleCheck", [](const auto&) { return std::make_shared<cycle_check>(); },
      [](Napi::Object object, const std::shared_ptr<cycle_check>& self) {
        method(object, "add", [self](std::span<const std::uint8_t> chunk) { self->add(chunk); });
        property(object, "counts", [self] { return self->counts(); });
        property(object, "disorder", [self] { return self->disorder(); });
        property(object, "total", [self] { return self->total(); });
      });
}

}  // namespace procpool::testing
