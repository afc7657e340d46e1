#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

/// What clients send. A stream is a row of 8-byte words, and word i of stream c is the number (c, i, 14 zero bits),
/// encrypted: a permutation of 64 bits, with the seed as the key. So all 8 bits of each byte say to which stream and
/// place it belongs, a reader without any context finds a stream again within 15 bytes wherever a read or write was
/// torn, and what is damaged decodes to nothing. Frames whose bytes number themselves would leave half of the bits for
/// that, and two torn frames could still be joined into one that looks whole.
namespace chaos {

using word = std::uint64_t;
using stream_id = std::uint32_t;

constexpr std::size_t word_bytes = sizeof(word);
constexpr unsigned tag_bits = 14;
constexpr unsigned index_bits = 34;
constexpr std::size_t max_streams = 1UL << (64 - tag_bits - index_bits);

static_assert(std::endian::native == std::endian::little, "byte k of a word is its bits 8k…8k+7");

/// A place in a stream, in words.
struct place {
  stream_id stream;
  std::uint64_t index;
};

inline word word_at(const std::uint8_t* bytes) {
  word value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

class stream_code {
 public:
  explicit stream_code(std::uint64_t seed) : key_(mix(seed + 1, multiplier)) {}

  [[nodiscard]] word encode(stream_id stream, std::uint64_t index) const {
    return mix(((word{stream} << (64 - 16)) | (index << tag_bits)) ^ key_, multiplier);
  }

  [[nodiscard]] std::optional<place> decode(word value) const {
    const word plain = mix(value, inverse) ^ key_;
    if ((plain & ((word{1} << tag_bits) - 1)) != 0) return std::nullopt;
    return place{static_cast<stream_id>(plain >> (64 - 16)),
                 (plain >> tag_bits) & ((std::uint64_t{1} << index_bits) - 1)};
  }

  [[nodiscard]] std::uint8_t at(stream_id stream, std::uint64_t offset) const {
    return static_cast<std::uint8_t>(encode(stream, offset / word_bytes) >> (offset % word_bytes * 8));
  }

  void fill(std::span<std::uint8_t> target, stream_id stream, std::uint64_t offset) const {
    for (std::uint64_t index = offset / word_bytes, skipped = offset % word_bytes; !target.empty(); ++index) {
      const word value = encode(stream, index) >> (skipped * 8);
      const std::size_t size = std::min(word_bytes - skipped, target.size());
      std::memcpy(target.data(), &value, size);
      target = target.subspan(size);
      skipped = 0;
    }
  }

  /// How many bytes are those of the stream from `offset` on.
  [[nodiscard]] std::size_t matching(std::span<const std::uint8_t> bytes, stream_id stream,
                                     std::uint64_t offset) const {
    std::size_t done = 0;
    for (; done < bytes.size() && (offset + done) % word_bytes != 0; ++done) {
      if (bytes[done] != at(stream, offset + done)) return done;
    }
    for (std::uint64_t index = (offset + done) / word_bytes; bytes.size() - done >= word_bytes; ++index) {
      const word difference = word_at(&bytes[done]) ^ encode(stream, index);
      if (difference != 0) return done + static_cast<std::size_t>(std::countr_zero(difference)) / 8;
      done += word_bytes;
    }
    for (; done < bytes.size() && bytes[done] == at(stream, offset + done);) ++done;
    return done;
  }

 private:
  static constexpr word multiplier = 0xd6e8feb86659fd93;
  static constexpr word inverse = 0xcfee444d8b59a89b;
  static_assert(multiplier * inverse == 1);

  /// With `inverse` it undoes what it does with `multiplier`.
  static constexpr word mix(word value, word factor) {
    value = (value ^ (value >> 32U)) * factor;
    value = (value ^ (value >> 32U)) * factor;
    return value ^ (value >> 32U);
  }

  word key_;
};

}  // namespace chaos
