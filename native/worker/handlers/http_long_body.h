#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "worker/handlers/http_body.h"
#include "worker/handlers/http_spool.h"
#include "worker/output/output_memory.h"

namespace procpool::worker {

/// The one body that is written in parts, since it is long: in memory that outlives the worker and in a file that does,
/// too, so that it is completed whatever becomes of the worker. Worker; owns the file.
class http_long_body {
 public:
  /// `rest`: memory for what is not in a file. Goes on with the body of the worker before, if that had one.
  http_long_body(output_memory& memory, std::span<char> rest, http_spool& spool);

  /// Nothing of it is staged yet. `memory` is open from now on.
  void begin(http_body body);
  /// It is staged as a whole, or given up; `memory` is no longer open.
  void end();

  explicit operator bool() const { return memory_.open; }
  [[nodiscard]] std::uint64_t size() const { return memory_.record.size(); }
  [[nodiscard]] std::uint64_t& staged() { return memory_.record.staged; }
  [[nodiscard]] std::uint64_t unstaged() const { return memory_.open ? size() - memory_.record.staged : 0; }

  /// As many bytes from there on as come in one go and have room, or an errno negated.
  [[nodiscard]] sys::result read(std::span<char> into) const;

 private:
  output_memory& memory_;
  std::span<char> rest_;
  spooled_file file_;
};

}  // namespace procpool::worker
