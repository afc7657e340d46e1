#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sys/result.h"

namespace procpool::testing {

/// A call that was made, as the test sees it.
struct recorded_call {
  std::string name;
  std::vector<std::int64_t> arguments;  // but for pointers and sizes
  std::vector<std::uint8_t> data;       // that was to be sent or written
  sys::result result;
};

struct message {
  std::vector<std::uint8_t> data;
  int descriptor = -1;  // that comes with it
};

/// The kernel that native/ meets in the addon procpool_faked: calls.cc is linked there in the place of
/// native/sys/*.cc. It does nothing but record each call and answer it as the test has scripted;
/// time passes only when the test says so.
class fake_kernel {
 public:
  /// Answers with the first result that is scripted for this name, with the standing one, or with `otherwise`.
  sys::result call(const char* name, std::vector<std::int64_t> arguments, sys::result otherwise,
                   std::span<const std::uint8_t> data = {});

  /// The same for a call that receives: otherwise the first message delivered to `fd`, or -EAGAIN.
  sys::result receive(const char* name, int fd, std::span<std::uint8_t> room, int& descriptor);

  void script(const std::string& name, sys::result result) { scripted_[name].push_back(result); }
  void always(const std::string& name, std::optional<sys::result> result);
  void deliver(int fd, message what) { inbox_[fd].push_back(std::move(what)); }
  int new_descriptor() { return next_descriptor_++; }

  /// Since the last time.
  std::vector<recorded_call> take_calls();

  std::uint64_t now_ns = 1'000'000'000;

 private:
  std::map<std::string, std::deque<sys::result>> scripted_;
  std::map<std::string, sys::result> standing_;
  std::map<int, std::deque<message>> inbox_;
  std::vector<recorded_call> calls_;
  int next_descriptor_ = 1000;
};

/// The one that the calls of native/ reach.
fake_kernel& kernel();

}  // namespace procpool::testing
