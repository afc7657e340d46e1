#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sys/unique_fd.h"

namespace procpool::worker {

class spooled_file;

/// The files of a worker for bodies that are too much for its memory, in TMPDIR or else /tmp, without names: nothing is
/// left of them however the worker ends. At most so many, and so many bytes in all. Worker; outlives its files.
class http_spool {
 public:
  explicit http_spool(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

 private:
  friend class spooled_file;
  static constexpr std::size_t max_files = 256;

  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::size_t files_ = 0;
};

/// One of them: appended to, and then read. Owns its descriptor. Worker.
class spooled_file {
 public:
  spooled_file() = default;
  ~spooled_file() { clear(); }
  spooled_file(spooled_file&& other) noexcept;
  spooled_file& operator=(spooled_file&& other) noexcept;
  spooled_file(const spooled_file&) = delete;
  spooled_file& operator=(const spooled_file&) = delete;

  /// How many of the bytes are in the file now, or an errno negated: ENOSPC also where the spool's own bound is
  /// reached, EMFILE where it has as many files as it may.
  sys::result append(http_spool& spool, std::span<const char> data);

  /// As many bytes from `at` on as there are and have room, or an errno negated.
  [[nodiscard]] sys::result read(std::uint64_t at, std::span<char> into) const;

  /// Takes over one that another worker has left open.
  void adopt(http_spool& spool, int fd, std::uint64_t size);

  /// The file, if there is one, is gone.
  void clear();

  [[nodiscard]] int fd() const { return fd_.get(); }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  explicit operator bool() const { return static_cast<bool>(fd_); }

 private:
  sys::result open(http_spool& spool);

  sys::unique_fd fd_;
  http_spool* spool_ = nullptr;  // where it counts
  std::uint64_t size_ = 0;
};

}  // namespace procpool::worker
