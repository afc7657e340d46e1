#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "worker/connections/byte_buffer.h"
#include "worker/handlers/http_spool.h"

namespace procpool::worker {

/// A body as far as it has come: its beginning in a file, if there is one, and the rest in memory, which counts in the
/// worker's sum of such bytes as long as it is held. Worker.
class http_body {
 public:
  http_body() = default;
  ~http_body() { clear(); }
  http_body(http_body&& other) noexcept;
  http_body(const http_body&) = delete;
  http_body& operator=(const http_body&) = delete;

  /// `memory`: the sum, always the same, which must outlive it. Throws std::bad_alloc, and has not changed then.
  void add(std::span<const char> data, std::size_t& memory);

  /// Moves what is in memory to the file: 0 if that was all of it, or an errno negated.
  sys::result spill(http_spool& spool);

  void clear();

  [[nodiscard]] std::uint64_t size() const { return file_.size() + bytes_.size(); }
  [[nodiscard]] bool spooled() const { return static_cast<bool>(file_); }
  /// What is in memory.
  [[nodiscard]] std::span<const char> bytes() const { return bytes_.bytes(); }

  /// The file, which is the taker's from now on.
  spooled_file take_file() { return std::move(file_); }

 private:
  void drop(std::size_t bytes);

  spooled_file file_;
  byte_buffer bytes_;
  std::size_t* memory_ = nullptr;
};

}  // namespace procpool::worker
