#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "ipc/log_record.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "worker/connections/clients.h"
#include "worker/output/record_writer.h"

namespace procpool::worker {

/// What is to become of a connection that a handler has dealt with.
enum class verdict : std::uint8_t {
  keep,       // wait for more
  close,      // the connection is at its end
  reset,      // the connection is broken: errno in outcome.error
  timed_out,  // close it for the reason that on_timeout() was given
};

struct outcome {
  verdict what;
  int error = 0;
};

/// Keeps the connection if what was asked of it worked.
inline outcome kept(sys::result done) {
  return done < 0 ? outcome{verdict::reset, static_cast<int>(-done)} : outcome{verdict::keep};
}

/// Does it.
template <std::derived_from<connection> Client>
void conclude(clients<Client>& clients, Client& client, const outcome& result) {
  switch (result.what) {
    case verdict::keep:
      client.resumable = client.rests();
      break;
    case verdict::close:
    case verdict::timed_out:
      clients.close(client);
      break;
    case verdict::reset:
      clients.fail(client, result.error);
      break;
  }
}

/// One connection's share of a round, so that a fast client does not keep the others waiting.
constexpr std::uint64_t round_share_bytes = 1U << 20U;

/// What a handler works with. All of it is the worker's.
template <std::derived_from<connection> Client>
struct handler_context {
  const ipc::pool_config& config;
  ipc::pool_page& page;
  ipc::worker_slot& stats;
  worker::clients<Client>& clients;
  worker::deadlines& deadlines;
  record_writer& writer;
  output_memory& memory;
  std::span<char> long_record;  // see http_long_body
};

/// The code of a listener's connections, a template parameter of its service: one virtual call per event leads to the
/// service, and none from there on. `client_type` is what the handler knows of a connection. It reads when there is
/// input, says what becomes of the connection, and gives what is for stdout to the record_writer, which alone knows
/// whether stdout takes it: while it does not, the service reads from nobody. A std::bad_alloc that leaves a call for a
/// client ends that client.
template <typename T>
concept handler = std::derived_from<typename T::client_type, connection> && std::constructible_from < T,
        const handler_context<typename T::client_type>
& > &&requires(T code, typename T::client_type& client, ipc::timeout_reason reason, const instant& now) {
  { code.on_readable(client) } -> std::same_as<outcome>;
  { code.on_timeout(client, reason) } -> std::same_as<outcome>;  // may keep it, with another deadline
  { code.drained(client, now) } -> std::same_as<bool>;           // may be closed, as the worker is to end
};

/// One that answers: it reads and deals with what it read, and has a connection watched for
/// writing only while its socket does not take all of an answer.
template <typename T>
concept replying_handler = handler<T> && requires(T code, typename T::client_type& client) {
  { code.on_writable(client) } -> std::same_as<outcome>;
};

/// One that answers when stdout has taken a record: its clients are served on while stdout takes nothing.
template <typename T>
concept record_handler = replying_handler<T> && requires(T code, typename T::client_type& client) {
  { code.serve_ready() } -> std::same_as<void>;      // in each round: what it has put off to the next
  { code.flush() } -> std::same_as<void>;            // writes, and answers
  { code.busy() } -> std::same_as<bool>;             // one of the two has more to do
  { code.unread() } -> std::same_as<std::uint64_t>;  // bytes of records that the writer has not got yet
  { code.expire(client) } -> std::same_as<bool>;     // drain timeout reached: true if a record is cut off
};

}  // namespace procpool::worker
