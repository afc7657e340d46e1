#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// What reading a part of a message gives, and why a request is refused: RFC 9110 section 15.
namespace procpool::worker::http {

constexpr int incomplete = 0;
constexpr int complete = 1;

// A refusal is negative: its place in `refusals`.
constexpr int bad_request_line = -1;
constexpr int bad_target = -2;
constexpr int bad_field = -3;
constexpr int bad_host = -4;
constexpr int bad_length = -5;
constexpr int bad_coding = -6;
constexpr int length_and_coding = -7;
constexpr int bad_chunk = -8;
constexpr int bad_trailer = -9;
constexpr int bad_range = -10;
constexpr int content_too_large = -11;
constexpr int uri_too_long = -12;
constexpr int expectation_failed = -13;
constexpr int fields_too_large = -14;
constexpr int unknown_method = -15;
constexpr int unknown_coding = -16;
constexpr int version_not_supported = -17;

struct refusal {
  std::int16_t status;
  std::string_view why;  // for the answer and the log
};

/// Of no more than this, so that a log record holds it.
constexpr std::size_t max_why_bytes = 47;

constexpr std::array<refusal, 18> refusals{{
    {0, ""},
    {400, "the request line is malformed"},
    {400, "the request target is malformed"},
    {400, "a header field is malformed"},
    {400, "Host is missing, repeated or malformed"},
    {400, "Content-Length is repeated or malformed"},
    {400, "Transfer-Encoding is malformed"},
    {400, "Content-Length beside Transfer-Encoding"},
    {400, "a chunk is malformed"},
    {400, "a framing field is in the trailer section"},
    {400, "Content-Range is not allowed with PUT"},
    {413, "the body is too large"},
    {414, "the request target is too long"},
    {417, "the expectation is not 100-continue"},
    {431, "the header fields are too large"},
    {501, "the method is unknown"},
    {501, "the transfer coding is not supported"},
    {505, "the version is not HTTP/1.x"},
}};

constexpr const refusal& refusal_of(int result) { return refusals[static_cast<std::size_t>(-result)]; }

static_assert([] {
  for (const refusal& each : refusals)
    if (each.why.size() > max_why_bytes) return false;
  return true;
}());

}  // namespace procpool::worker::http
