#include "worker/handlers/http_body.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace procpool::worker {

http_body::http_body(http_body&& other) noexcept
    : file_(std::move(other.file_)), bytes_(std::move(other.bytes_)), memory_(std::exchange(other.memory_, nullptr)) {}

void http_body::add(std::span<const char> data, std::size_t& memory) {
  bytes_.append(data);
  memory_ = &memory;
  memory += data.size();
}

sys::result http_body::spill(http_spool& spool) {
  while (!bytes_.empty()) {
    const sys::result written = file_.append(spool, bytes_.bytes());
    if (written < 0) return written;
    drop(static_cast<std::size_t>(written));
  }
  return 0;
}

void http_body::drop(std::size_t bytes) {
  *memory_ -= bytes;
  bytes_.remove(bytes);
}

void http_body::clear() {
  if (!bytes_.empty()) drop(bytes_.size());
  file_.clear();
}

sys::result http_body::read(std::uint64_t at, std::span<char> into) const {
  if (at < file_.size()) {
    const auto max = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), file_.size() - at));
    const sys::result read = file_.read(at, into.first(max));
    return read == 0 ? -EIO : read;
  }
  const auto rest = bytes().subspan(static_cast<std::size_t>(at - file_.size()));
  const std::size_t size = std::min(rest.size(), into.size());
  std::copy_n(rest.data(), size, into.data());
  return static_cast<sys::result>(size);
}

}  // namespace procpool::worker
