#pragma once

#include <cstdint>
#include <string_view>

#include "ipc/log_record.h"
#include "ipc/socket_file.h"

/// The whole protocol between the processes, apart from log records (log_record.h).
///
///     host ── control channel ──> supervisor    pool_config once, with descriptors; then control_order
///     host <── control channel ── supervisor    log_record
///     supervisor ── worker channel ──> worker   worker_order, a byte each
///     supervisor <── worker channel ── worker   worker_report, a byte each
///     host <── log channel ── every worker      log_record
///
/// The end of a channel is a message too: its other process is gone.
namespace procpool::ipc {

/// Where the supervisor finds its end of the control channel when it starts.
constexpr int control_fd = 3;

/// What a worker's process name begins with; its number follows.
constexpr std::string_view worker_name = "procpool-w";
/// The same of a standby's.
constexpr std::string_view standby_name = "procpool-s";

/// How long, in ms, a pool whose owner has gone may go on delivering what its clients had sent.
constexpr std::uint32_t orphan_drain_ms = 500;

/// What a worker does with what it receives, see worker/handlers/handler.h.
enum class handler_kind : std::uint32_t { sink, echo, http };

/// What the supervisor is to run. Goes with the descriptors of pool_descriptors, in that order.
struct pool_config {
  std::uint32_t workers;
  std::uint32_t backlog;
  std::uint32_t drain_ms;
  std::uint32_t log_level;
  handler_kind handler;
  // Times in ms; 0 is none.
  std::uint32_t idle_ms;
  std::uint32_t first_byte_ms;
  std::uint32_t max_age_ms;
  std::uint32_t worker_timeout_ms;
  std::uint32_t max_lifetime_ms;  // of a worker
  std::uint32_t batch_delay_us;   // see worker/output/pacer.h
  // Of the HTTP handler:
  std::uint32_t request_ms;
  std::uint64_t max_body;  // bytes
  bool takes_over;         // a worker's connections outlive it, see standby.h
  bool pass_encodings;     // bodies with a Content-Encoding are delivered as they are, not refused
  char cors_origin[256];   // from where browsers may send; empty: nowhere else
  struct socket_file socket_file;
  char address[128];  // where the pool listens, as people write it
};

struct pool_descriptors {
  int listener;
  int stats_page;
  int log_channel;
};

enum class control_kind : std::uint32_t {
  stop,     // value: how long the drain may take, in ms, or default_drain
  resize,   // value: how many workers
  reopen,   // with a descriptor: where stdout leads from now on; value: which of these orders it is
  recycle,  // every worker hands over to a new process; value: which of these orders it is
};

/// In a stop order: as long as the pool's configuration says.
constexpr std::uint32_t default_drain = UINT32_MAX;

struct control_order {
  control_kind kind;
  std::uint32_t value;
  std::uint32_t signal;  // the signal of the host's that this passes on, 0 if none
};

enum class worker_order : std::uint8_t {
  accept = 'a',       // one connection waits, accept it and report
  retire = 'r',       // accept no more; exit when the last connection has ended
  leave = 'l',        // accept no more, deliver what has arrived, exit: the others go on
  drain = 'd',        // the pool stops: accept what waits, deliver what has arrived, exit
  queue_empty = 'q',  // during a drain: nothing waits to be accepted any more
  expire = 'x',       // drain timeout reached: offer what is staged once more, count the rest, exit
  hand_over = 'h',    // let another process of the slot go on, when nothing would be lost
  reopen = 'o',       // with a descriptor: where stdout leads from now on
};

enum class worker_report : std::uint8_t {
  ready = 'R',          // can accept
  resumed = 'T',        // has taken over from the worker before, and can accept
  standby = 'S',        // there is another standby
  no_standby = 'B',     // it could not be made
  accepted = 'A',       // took the connection
  nothing = 'N',        // there was none
  refused = 'F',        // there was one, but no descriptor for it: closed it
  exhausted = 'E',      // and could not even close it
  leaving = 'L',        // got SIGTERM, and waits for the order that says what that means
  queue_empty = 'Q',    // during a drain: nothing waits to be accepted any more
  reopened = 'W',       // writes to where the last of those orders led
  unopened = 'U',       // could have no descriptor for it: wants it again
  output_failed = 'O',  // stdout is broken; the errno is in the worker's slot
};

}  // namespace procpool::ipc
