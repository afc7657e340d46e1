#include "worker/handlers/http_body.h"

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

}  // namespace procpool::worker
