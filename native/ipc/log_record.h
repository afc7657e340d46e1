#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>

#include "sys/sys_error.h"

/// What the pool's processes tell the host's log: fixed-size records, sent whole or not at all.
namespace procpool::ipc {

enum class log_level : std::uint8_t { silent, error, warn, info, debug };

enum class log_event : std::uint8_t {
  start,          // the supervisor, or a worker, runs
  listening,      // every worker accepts; once
  size,           // count: workers that are ready, value: how many there should be
  signal,         // value: its number
  connect,        // peer
  close,          // peer, count: bytes received
  reset,          // peer, count, error: the connection ended with it
  timeout,        // peer, count, value: the timeout_reason for which it was closed
  request,        // peer, count: bytes of its body, value: the status it was answered with, why: if it was refused
  torn,           // peer, count: bytes of a body that are delivered although the rest is not
  mended,         // a record that a worker had left incomplete at its death has been ended with a newline
  spool,          // peer, error: no file for its body
  refuse,         // peer, error: no descriptor for it
  stall,          // output blocked
  resume,         // count: for how long it was blocked, in ns
  drain,          // value: the time it may take, in ms
  drained,        // a worker has delivered all
  expire,         // drain timeout reached
  undelivered,    // count: bytes that stdout did not get
  unserved,       // count: clients that waited to be accepted when the pool ended
  lost,           // a worker died during the drain: what its sockets held is unknown
  hang,           // a worker has made no round for so long that it is killed; value: ms
  kill,           // a worker did not end in time
  exit,           // a worker ended; value: its wait status
  respawn,        // value: ms until the worker is started again
  takeover,       // a worker goes on where one has died; count: connections, value: bytes that it had read, duration
  no_standby,     // error: no process can be made that would take over from a worker
  recycled,       // value: the number of the host's order, by which all workers have been replaced
  poison,         // peer, count: closed, since two workers in a row have crashed at it
  shortage,       // count: workers that are ready, value: how many there should be; the others cannot be started
  resize_failed,  // value: the size that cannot be reached, count: the size instead
  give_up,        // value: starts that failed in a row
  reopened,       // value: the number of the host's order, to whose output all workers write now
  reopen_failed,  // value: the number of the order, error: stdout is unchanged
  output,         // error: stdout is broken
  fail,           // error, call, count: how often, if more than once: the pool or a worker cannot go on
  done,           // the supervisor ends
};

/// The time limit that a client exceeded.
enum class timeout_reason : std::uint8_t {
  idle,        // to send or to take anything
  first_byte,  // to send its first byte
  request,     // to send a whole request
  max_age,     // to end
  pace,        // to send on
};
constexpr std::size_t timeout_reasons = 5;

/// Numeric address of a peer. family 0: unknown, or a Unix socket.
struct peer_address {
  std::uint16_t family;
  std::uint16_t port;  // host byte order
  std::uint32_t scope;
  unsigned char bytes[16];
};

struct log_record {
  std::uint64_t time_ns;  // since 1970
  std::uint64_t count;
  std::uint64_t duration_ns;
  std::int32_t worker;  // -1: the supervisor
  std::int32_t pid;
  std::int32_t error;
  std::uint32_t value;
  log_level level;
  log_event event;
  peer_address peer;
  char call[16];
  char why[48];
};

/// The events' and levels' names as the host's log shows them.
const char* name_of(log_event event);
const char* name_of(log_level level);

/// The level at which an event is logged; lower for a worker that exits with status 0.
log_level level_of(log_event event);
log_level level_of(const log_record& record);

/// Whether workers write records of this event, or the supervisor alone does.
bool may_come_from_worker(log_event event);

/// A record of a failed system call.
log_record describe(const sys::sys_error& failure);

/// Fills in what every record has: time, event, level, worker and, unless one is set, this process's pid.
void complete(log_record& record, log_event event, int worker);

}  // namespace procpool::ipc
