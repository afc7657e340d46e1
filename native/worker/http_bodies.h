#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "worker/delivery.h"
#include "worker/handler.h"
#include "worker/http_client.h"

namespace procpool::worker {

/// The HTTP handler's bodies on their way to stdout: which wait for it, which are being delivered,
/// and which one, too long to be gathered, goes as it comes. Neither reads requests nor answers
/// them, but says whose turn it is. Worker.
class http_bodies {
 public:
  /// So long a body may wait for stdout, in ms.
  static constexpr std::uint32_t wait_limit_ms = 5000;

  /// `last_place`: the number of the place that a client has taken last.
  http_bodies(const surroundings<http_client>& own, std::uint64_t& last_place);

  /// A piece of a client's body; `last`: it ends with it. False: a worker gathers no more.
  bool add(http_client& one, std::span<const char> data, bool last);
  /// The body is here as a whole.
  void complete(http_client& one);

  /// Writes what there is, as delivery::flush().
  sys::result flush();
  /// Whose body is delivered, and is to be answered. None: nobody else's.
  http_client* next_delivered();
  /// Lets those that wait go to stdout, as far as it takes them. A client whose body goes on as it
  /// comes is returned: what has been read of it is next.
  http_client* admit();

  /// Takes back the bodies of which nothing is on its way; then next_refused() says whose they were.
  void take_back();
  http_client* next_refused();

  /// Whose body goes as it comes.
  [[nodiscard]] http_client* streaming() { return streaming_; }
  /// Its next part, if its length is known: as output::fill(). Nothing may be pending.
  sys::result move(http_client& one);
  /// To be told what has come of it.
  void keep_pace(http_client& one, std::uint64_t bytes);
  /// It may go on although that deadline has passed.
  bool may_go_on(ipc::timeout_reason reason);
  /// It goes on after stdout has taken nothing.
  void go_on(http_client& one);
  /// Its rest does not come.
  void tear(http_client& one);

  /// If a client's body is partly delivered, that is all of it. True: it was.
  bool cut_off(http_client& one);

  /// Stdout has taken nothing for as long as a body may wait, from whichever of the workers.
  [[nodiscard]] bool stuck() const;
  [[nodiscard]] bool blocked() const { return delivery_.blocked(); }
  [[nodiscard]] awaited waits_for() const { return delivery_.waits_for(); }
  [[nodiscard]] std::uint64_t pending() const { return delivery_.pending(); }
  /// No body is partly on stdout.
  [[nodiscard]] bool at_boundary() const { return delivery_.pending() == 0 && delivery_.flows(); }

 private:
  /// A client's in a queue.
  struct place {
    http_client::place where;
    std::uint64_t begin;   // what is delivered before its body
    std::uint64_t end;     // and with it
    bool limited = false;  // its client's wait has an end
  };

  void queue(http_client& one);
  void await_delivery(http_client& one);
  void start_stream(http_client& one);
  void end_stream();
  http_client* find(const place& one, http_client::phase expected);

  ipc::worker_slot& stats_;
  clients<http_client>& clients_;
  deadlines& deadlines_;
  std::uint64_t& last_place_;
  delivery delivery_;
  std::deque<place> queued_;
  std::deque<place> delivering_;
  std::deque<place> refused_;
  std::size_t gathered_ = 0;  // bytes of all clients' bodies
  http_client* streaming_ = nullptr;
  std::uint64_t paced_ = 0;  // bytes of the stream since its time was renewed
  bool late_ = false;        // it has not kept its pace once
};

}  // namespace procpool::worker
