#include "fake/kernel.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace procpool::testing {

fake_kernel& kernel() {
  static fake_kernel instance;
  return instance;
}

sys::result fake_kernel::call(const char* name, std::vector<std::int64_t> arguments, sys::result otherwise,
                              std::span<const std::uint8_t> data) {
  sys::result result = otherwise;
  if (auto& scripted = scripted_[name]; !scripted.empty()) {
    result = scripted.front();
    scripted.pop_front();
  } else if (const auto standing = standing_.find(name); standing != standing_.end()) {
    result = standing->second;
  }
  calls_.push_back({name, std::move(arguments), {data.begin(), data.end()}, result});
  return result;
}

sys::result fake_kernel::receive(const char* name, int fd, std::span<std::uint8_t> room, int& descriptor) {
  auto& messages = inbox_[fd];
  if (!scripted_[name].empty() || messages.empty()) return call(name, {fd}, -EAGAIN);
  const message received = std::move(messages.front());
  messages.pop_front();
  const std::size_t size = std::min(received.data.size(), room.size());
  std::copy_n(received.data.begin(), size, room.begin());
  descriptor = received.descriptor;
  return call(name, {fd}, static_cast<sys::result>(size));
}

void fake_kernel::always(const std::string& name, std::optional<sys::result> result) {
  standing_.erase(name);
  if (result) standing_[name] = *result;
}

std::vector<recorded_call> fake_kernel::take_calls() { return std::exchange(calls_, {}); }

}  // namespace procpool::testing
