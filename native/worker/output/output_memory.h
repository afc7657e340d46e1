#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "worker/output/staging_buffer.h"
#include "worker/takeover/intent.h"

namespace procpool::worker {

/// Records on their way to the staging buffer.
struct gathered_records {
  static constexpr std::size_t capacity = 1 << 22;

  std::uint64_t size;
  std::uint64_t staged;  // bytes of them that the staging buffer has got
  std::array<char, capacity> memory;

  [[nodiscard]] std::size_t room() const { return capacity - size; }
  [[nodiscard]] std::span<const char> unstaged() const { return std::span(memory).first(size).subspan(staged); }
};

/// A long record that is written in parts: its beginning in a file, if it has one, and the rest in memory of its own.
struct open_record {
  std::uint64_t staged;
  std::uint64_t file;  // its descriptor plus one; 0: it has none
  std::uint64_t file_size;
  std::uint64_t rest_size;

  [[nodiscard]] std::uint64_t size() const { return file_size + rest_size; }
};

/// What a worker's way to stdout has to remember, so that another process can go on where it ended. Lies in
/// worker_memory; all zero is how it begins.
struct output_memory {
  intent call;
  std::uint64_t pipe_in;  // the private pipe's ends: descriptors plus one; 0: there is none
  std::uint64_t pipe_out;
  std::uint64_t uncounted;  // bytes that went out and nobody had sent
  bool open;                // a record is written in parts
  bool mending;             // the staging buffer holds the newline that ends a torn record, and nothing else
  open_record record;
  gathered_records records;
  staging_buffer staging;
};

}  // namespace procpool::worker
