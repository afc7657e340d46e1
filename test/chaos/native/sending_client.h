#pragma once

#include <sys/socket.h>

#include <random>
#include <string>
#include <vector>

#include "bench.h"
#include "stream_code.h"

namespace chaos {

/// Where to connect.
class target {
 public:
  /// On 127.0.0.1.
  explicit target(std::uint16_t port);
  /// A Unix socket.
  explicit target(const std::string& path);

  /// A non-blocking socket that connects; -EAGAIN if a Unix socket's queue is full.
  [[nodiscard]] procpool::sys::result connect(bench::unique_fd& socket) const;

 private:
  sockaddr_storage address_{};
  socklen_t length_ = 0;
};

/// What all clients are to do.
struct load {
  stream_code code;
  target to;
  std::uint64_t seed;
  std::uint64_t clients;
  std::uint64_t lives;
  /// Bytes a second of each client; 0 is as fast as it goes.
  std::uint64_t rate;
  std::uint64_t max_message;
  std::uint64_t begin_ns;
  std::uint64_t end_ns;
  std::uint64_t give_up_ns;
};

/// One client after the other, in a place of their own: each connects, sends, ends its stream and waits for the close.
class sending_client {
 public:
  sending_client(const load& to_do, stream_id id, int epoll);

  /// Does what there is to do without waiting. True if there may be more at once.
  bool go_on(std::uint64_t now);
  void on_events(std::uint32_t events, std::uint64_t now);

  [[nodiscard]] bool is_over() const { return state_ == state::over; }
  [[nodiscard]] stream_id id() const { return id_; }
  [[nodiscard]] std::uint64_t sent(std::uint64_t life) const { return life < sent_.size() ? sent_[life] : 0; }
  [[nodiscard]] std::uint64_t connects() const { return connects_; }
  /// Connections that were ended before it had ended its stream.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }
  [[nodiscard]] std::uint64_t errors() const { return errors_; }
  /// The longest time in which it wanted to send and its socket took nothing.
  [[nodiscard]] std::uint64_t longest_stall() const { return longest_stall_ns_; }
  /// The same, since it was last asked.
  [[nodiscard]] std::uint64_t take_recent_stall(std::uint64_t now);

 private:
  enum class state : std::uint8_t { unconnected, connecting, sending, ending, over };

  void connect();
  bool send(std::uint64_t now);
  void half_close(std::uint64_t now);
  void end_stall(std::uint64_t now);
  /// The connection has ended; an errno negated, or 0.
  void close(procpool::sys::result why);
  void begin_life();
  [[nodiscard]] std::size_t next_message();

  const load* load_;
  stream_id id_;
  int epoll_;
  std::minstd_rand random_;
  std::uint64_t max_message_;
  bench::unique_fd socket_;
  state state_ = state::unconnected;
  bool writable_ = false;
  std::vector<std::uint64_t> sent_{0};
  std::uint64_t life_end_ns_ = 0;
  std::size_t unsent_of_message_ = 0;
  std::uint64_t sent_in_all_ = 0;
  std::uint64_t stalled_since_ns_ = 0;
  std::uint64_t longest_stall_ns_ = 0;
  std::uint64_t recent_stall_ns_ = 0;
  std::uint64_t connects_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t errors_ = 0;
};

}  // namespace chaos
