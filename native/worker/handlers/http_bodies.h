#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "worker/handlers/handler.h"
#include "worker/handlers/http_client.h"
#include "worker/handlers/http_long_body.h"
#include "worker/output/record_writer.h"

namespace procpool::worker {

/// The HTTP handler's bodies on their way to stdout: which are still coming, which wait, and which
/// are being delivered. Each is here as a whole before the first byte of it goes out, in memory or
/// in a file, so that nobody waits for a client's line. Where room is short, those that come the
/// slowest give way. Neither reads requests nor answers them. Worker.
class http_bodies {
 public:
  /// Memory for the bodies of all of a worker's clients.
  static constexpr std::size_t memory_bytes = 1 << 26;

  /// So long a body waits while stdout takes nothing, in ms.
  static constexpr std::uint32_t wait_limit_ms = 5000;

  /// `last_ticket`: the number of the last ticket that a client has taken.
  http_bodies(const handler_context<http_client>& context, std::uint64_t& last_ticket);

  /// A piece of a client's body; `last`: it ends with it. False: there is no room for it. Others may
  /// have had to give way: see next_slow(). Throws std::bad_alloc.
  bool add(http_client& client, std::span<const char> data, bool last);
  /// Whose unfinished body has given way, and is dropped.
  http_client* next_slow();
  /// More of its body has to come, at the least pace: or its deadline for that passes.
  void await_more(http_client& client);
  /// The deadline has passed. False: too little has come. Else the next one is set.
  bool keeps_pace(http_client& client);
  /// The body is here as a whole. Throws std::bad_alloc, and nothing of it is delivered then.
  void complete(http_client& client);

  /// Writes what there is, as record_writer::flush().
  sys::result flush();
  /// Whose body is delivered, and is to be answered. None: nobody else's.
  http_client* next_delivered();
  /// Lets those that wait go to stdout, as far as it takes them. A client is returned if there is no
  /// memory to let it.
  http_client* admit();
  /// The next part of a long body. What is returned could not be read from its file.
  struct unreadable {
    http_client* client;  // none: it has gone
    bool torn;            // a part of it is delivered
  };
  std::optional<unreadable> feed();

  /// Its deadline is over. 0: it has waited in vain. Otherwise after how many ms to ask again.
  [[nodiscard]] std::uint32_t may_wait_ms(const http_client& client) const;
  /// Takes back the bodies of which nothing is on its way; then next_refused() says whose they were.
  void take_back();
  http_client* next_refused();

  /// If a client's body is partly delivered, that is all of it. True: it was.
  bool cut_off(http_client& client);

  /// Stdout has taken nothing for as long as a body may wait, from whichever of the workers.
  [[nodiscard]] bool stuck() const;
  /// Some worker has had no room for a body, and may have none yet.
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool blocked() const { return writer_.blocked(); }
  [[nodiscard]] bool busy() const { return writer_.busy() || writing_; }
  [[nodiscard]] std::uint64_t delivered() const { return writer_.delivered(); }
  /// Bytes of the body that is being written that are not read from its file yet.
  [[nodiscard]] std::uint64_t unread() const { return writing_.unstaged(); }

 private:
  /// A body in a queue.
  struct entry {
    http_client::ticket ticket;
    std::uint64_t begin;   // what is delivered before its body
    std::uint64_t end;     // and with it
    bool limited = false;  // its client's wait has an end
  };

  void begin_window(http_client& client, std::uint64_t from);
  void spill(http_client& client);
  void note_failed_spill(const http_client& client, int error);
  bool make_room(const http_client& client, std::size_t bytes);
  void give_way(http_client& client);
  pace::list& list_of(const http_client& client);
  void queue(http_client& client);
  void await_delivery(http_client& client, std::uint64_t end);
  [[nodiscard]] static bool is_long(const http_client& client);
  [[nodiscard]] bool can_start(const http_client& client) const;
  void start(http_client& client);
  http_client* find(const entry& queued, http_client::phase expected);

  ipc::pool_page& page_;
  ipc::worker_slot& stats_;
  clients<http_client>& clients_;
  deadlines& deadlines_;
  std::uint64_t& last_ticket_;
  record_writer& writer_;
  http_spool spool_;
  std::size_t memory_ = 0;             // bytes of all clients' bodies
  std::uint64_t failed_spill_ns_ = 0;  // the last one that was logged
  // The unfinished ones.
  pace::list small_;
  pace::list large_;    // than a step
  pace::list spooled_;  // with a file
  pace::list slow_;     // given way
  // The whole ones.
  std::deque<entry> queued_;
  std::deque<entry> delivering_;
  std::deque<entry> refused_;
  http_long_body writing_;
};

}  // namespace procpool::worker
