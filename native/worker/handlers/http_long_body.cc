#include "worker/handlers/http_long_body.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

// So much stays there for the next one.
constexpr std::size_t kept_bytes = 1 << 20;

}  // namespace

http_long_body::http_long_body(output_memory& memory, std::span<char> rest, http_spool& spool)
    : memory_(memory), rest_(rest) {
  const open_record& record = memory_.record;
  if (memory_.open && record.file != 0) file_.adopt(spool, static_cast<int>(record.file) - 1, record.file_size);
}

void http_long_body::begin(http_body body) {
  const std::span<const char> bytes = body.bytes();
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
  file_ = body.take_file();
  memory_.record = {.staged = 0,
                    .file = file_ ? static_cast<std::uint64_t>(file_.fd()) + 1 : 0,
                    .file_size = file_.size(),
                    .rest_size = bytes.size()};
  std::atomic_signal_fence(std::memory_order_seq_cst);
  memory_.open = true;
}

void http_long_body::end() {
  memory_.open = false;
  file_.clear();
  if (memory_.record.rest_size > kept_bytes) sys::discard(rest_.data() + kept_bytes, rest_.size() - kept_bytes);
}

sys::result http_long_body::read(std::span<char> into) const {
  const open_record& record = memory_.record;
  if (record.staged < record.file_size) {
    const auto max = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), record.file_size - record.staged));
    const sys::result read = file_.read(record.staged, into.first(max));
    return read == 0 ? -EIO : read;
  }
  const auto from = rest_.subspan(static_cast<std::size_t>(record.staged - record.file_size));
  const std::size_t size = std::min<std::size_t>(unstaged(), into.size());
  std::copy_n(from.data(), size, into.data());
  return static_cast<sys::result>(size);
}

}  // namespace procpool::worker
