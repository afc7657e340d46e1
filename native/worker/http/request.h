#pragma once

#include <cstdint>

/// What is known of a request once its head is complete, and what a request may not exceed.
namespace procpool::worker::http {

/// `other`: DELETE, PATCH, TRACE and CONNECT, which are known and never allowed here.
enum class method : std::uint8_t { get, head, post, put, options, other };

/// The path, compared byte by byte; a query does not count.
enum class target : std::uint8_t { healthz, stats, asterisk, other };

struct limits {
  std::uint32_t target_bytes = 8192;
  std::uint32_t head_bytes = 16384;  // and, once more, chunk extensions and trailer fields together
  std::uint32_t headers = 100;       // and, once more, trailer fields
  std::uint64_t body_bytes = std::uint64_t{1} << 20;
};

struct request {
  http::method method = method::other;
  http::target target = target::other;
  bool http_1_0 = false;
  bool keep_alive = false;  // the version, Connection and the method allow another request after this one
  bool expects_continue = false;
  bool has_length = false;
  bool chunked = false;
  bool encoded = false;      // Content-Encoding names more than identity
  bool preflight = false;    // OPTIONS as browsers ask before a request across origins
  std::uint64_t length = 0;  // of the body; chunked: of its chunks so far
};

}  // namespace procpool::worker::http
