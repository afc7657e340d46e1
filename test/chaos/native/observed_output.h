#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "traced_process.h"

namespace chaos {

/// What has been sent, and what of it has come out.
class observed_output {
 public:
  observed_output() {
    const int flags = static_cast<int>(bench::check("fcntl", bench::outcome(::fcntl(0, F_GETFL))));
    bench::check("fcntl", bench::outcome(::fcntl(0, F_SETFL, flags | O_NONBLOCK)));
  }

  void expect(const std::string& message) { expected_ += message; }

  [[nodiscard]] bool complete() {
    read();
    return got_.size() >= expected_.size();
  }
  /// After complete(), or when it will not be.
  [[nodiscard]] bool right() const { return got_ == expected_; }
  [[nodiscard]] const std::string& got() const { return got_; }
  [[nodiscard]] const std::string& expected() const { return expected_; }
  void forget() { expected_.clear(), got_.clear(); }

 private:
  void read() {
    static std::array<char, 1 << 18> part;
    for (;;) {
      const ssize_t bytes = ::read(0, part.data(), part.size());
      if (bytes <= 0) return;
      got_.append(part.data(), static_cast<std::size_t>(bytes));
    }
  }

  std::string expected_;
  std::string got_;
};

}  // namespace chaos
