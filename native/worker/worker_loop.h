#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "event/event_source.h"
#include "event/poller.h"
#include "sys/sys_error.h"
#include "worker/acceptor.h"
#include "worker/connections/clients.h"
#include "worker/handlers/handler.h"
#include "worker/output/output.h"
#include "worker/output/pacer.h"
#include "worker/worker.h"
#include "worker/worker_log.h"

namespace procpool::worker {

/// The worker's loop: waits for its clients, its supervisor and its signals, and hands each event to
/// whom it concerns. While stdout takes no more it waits for stdout instead of the clients, so that
/// TCP itself slows them down, and everything else goes on.
template <handler Handler>
class worker_loop {
 public:
  /// Throws sys_error.
  worker_loop(worker_setup& setup, output& out);

  /// Until the worker has nothing more to do. Returns the exit status.
  int run();

 private:
  using client = typename Handler::client;

  static constexpr int sweep_ms = 10;
  static constexpr bool gathers = gathering_handler<Handler>;

  void pace();
  void pause();
  void wait_for_clients();
  void wait_for_room();
  [[nodiscard]] int timeout_ms() const;

  void on_signals();
  void on_orders();
  void on_reopen(sys::unique_fd& output);
  void change_output();
  void on_client(client& one);
  void turn_wheel();
  void on_deadline(client& one, ipc::timeout_reason reason);
  void conclude(client& one, const outcome& result);
  template <typename Step>
  outcome attempt(client& one, Step step);

  ipc::worker_report accept_one();
  ipc::worker_report open(int connection, const ipc::peer_address& peer);
  ipc::worker_report refuse(sys::result failure);
  void turn_away(int connection);
  void on_no_memory(const ipc::peer_address& peer);
  void log_refusal(const ipc::peer_address& peer, int error);
  void report(std::span<const ipc::worker_report> what);
  void report(ipc::worker_report what) { report(std::span(&what, 1)); }

  void end_round();
  void on_room();
  void conclude_flush(const outcome& flushed);
  void stall();
  void resume();
  sys::result await(wait_condition what);
  void on_broken_output(int error);
  void note_broken_output(int error);

  void retire();
  void ask_to_leave();
  void orphaned();
  void leave();
  void drain();
  void take_queue();
  void queue_is_empty();
  void sweep();
  void expire();
  void expire_queue();
  [[nodiscard]] bool finished() const;
  /// Nothing is read from clients, because stdout takes no more.
  [[nodiscard]] bool paused() const { return stalled_ && !gathers; }
  [[nodiscard]] bool expired() const { return shutdown_.expired(); }

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  ipc::worker_slot& stats_;
  ipc::channel supervisor_;
  worker_log log_;
  acceptor acceptor_;
  event::poller poller_;
  event::event_source signals_{SIGTERM, SIGINT, SIGALRM};
  worker_clock clock_;
  deadlines deadlines_{config_, clock_};
  shutdown shutdown_;
  Handler handler_;  // outlives the clients, of which it keeps account
  clients<client> clients_{poller_, deadlines_, clock_, shutdown_, log_, stats_};
  pacer pacer_{config_.batch_delay_us * std::uint64_t{1000}, gathers ? pacer::latency : pacer::throughput,
               stats_.bytes_in.get()};
  std::uint64_t reads_ = 0;     // of this round
  std::uint64_t pause_ns_ = 0;  // before the next one

  std::span<const epoll_event> unserved_;  // the poller's last events, from the next on
  bool crowded_ = false;                   // there may be more
  bool stalled_ = false;
  wait_condition wait_{-1, 0};  // while stalled
  sys::unique_fd next_output_;  // where stdout is to lead
  bool broken_ = false;
  bool refusing_ = false;                         // since the last success, so that a shortage is logged once
  bool leaving_ = false;                          // has told its supervisor that it got SIGTERM
  bool takes_queue_ = false;                      // as the pool stops
  std::uint32_t taken_ = 0;                       // connections, of the queue
  bool cut_off_ = false;                          // a body, when time was over
  bool alarm_ = false;                            // the interval timer has rung
  std::optional<std::uint64_t> own_deadline_ms_;  // once there is no supervisor to set one
};

namespace detail {
inline std::uint64_t now_ms() { return sys::monotonic_ns() / 1'000'000; }
}  // namespace detail

template <handler Handler>
worker_loop<Handler>::worker_loop(worker_setup& setup, output& out)
    : config_(setup.config),
      page_(setup.page),
      stats_(setup.page.workers[setup.id]),
      supervisor_(std::move(setup.supervisor_channel)),
      log_(std::move(setup.log_channel), static_cast<ipc::log_level>(setup.config.log_level), setup.id,
           stats_.log_dropped),
      acceptor_(setup.listener),
      handler_({config_, page_, stats_, clients_, deadlines_, out, {page_.write_lock, setup.write_wakeup, setup.id}}) {
  for (const int fd : {signals_.fd(), supervisor_.fd()}) {
    sys::check("epoll_ctl", poller_.add(fd, EPOLLIN, static_cast<std::uint64_t>(fd)));
  }
}

template <handler Handler>
int worker_loop<Handler>::run() {
  report(ipc::worker_report::ready);
  while (!finished()) {
    if (broken_ || paused()) {
      wait_for_room();
    } else {
      if (pause_ns_ > 0) pause();
      wait_for_clients();
    }
    if (alarm_) turn_wheel();
    end_round();
    if (next_output_ && handler_.at_boundary()) change_output();
    if (own_deadline_ms_ && detail::now_ms() >= *own_deadline_ms_) expire();
    if (shutdown_.draining()) sweep();
    deadlines_.arm();
    pace();
  }
  if (!expired()) log_.write(ipc::log_event::drained);
  return cut_off_ ? EXIT_FAILURE : EXIT_SUCCESS;
}

template <handler Handler>
void worker_loop<Handler>::wait_for_clients() {
  if (unserved_.empty()) {
    unserved_ = poller_.wait(timeout_ms());
    crowded_ = unserved_.size() == event::poller::most_events;
  }
  while (!unserved_.empty()) {
    const auto fd = static_cast<int>(unserved_.front().data.u64);
    unserved_ = unserved_.subspan(1);
    if (fd == signals_.fd()) {
      on_signals();
    } else if (fd == supervisor_.fd()) {
      on_orders();
    } else if (stalled_ && fd == wait_.fd) {
      on_room();
    } else if (client* const one = clients_.find(fd)) {  // or it was closed earlier in this round
      on_client(*one);
    }
    // The rest has its turn before the poller names the same ones first again. What is stale by then
    // finds nothing to read.
    if (paused() || broken_ || expired()) return;
  }
}

template <handler Handler>
void worker_loop<Handler>::pace() {
  // The round goes on, for others whose input is here.
  if (crowded_ || stalled_) return;
  const std::uint64_t reads = std::exchange(reads_, 0);
  if (shutdown_.draining()) return;
  pause_ns_ = pacer_.round(sys::monotonic_ns(), stats_.bytes_in.get(), reads);
}

/// Lets input gather, but no order and no signal wait.
template <handler Handler>
void worker_loop<Handler>::pause() {
  std::array<pollfd, 2> urgent{{{signals_.fd(), POLLIN, 0}, {supervisor_.fd(), POLLIN, 0}}};
  sys::check("ppoll", sys::poll_ns(urgent, std::exchange(pause_ns_, 0)));
}

template <handler Handler>
void worker_loop<Handler>::wait_for_room() {
  std::array<pollfd, 3> waiting{{
      {signals_.fd(), POLLIN, 0},
      {supervisor_.fd(), POLLIN, 0},
      {broken_ ? -1 : wait_.fd, static_cast<short>(wait_.events), 0},
  }};
  sys::check("poll", sys::poll(waiting, timeout_ms()));
  if (waiting[0].revents != 0) on_signals();
  if (waiting[1].revents != 0) on_orders();
  // Whatever it was that came, the wait for the write lock may be over.
  const bool retries = wait_.most_ms != event::poller::forever;
  if ((waiting[2].revents != 0 || retries) && !expired()) on_room();
}

template <handler Handler>
void worker_loop<Handler>::end_round() {
  if (broken_ || expired()) return;
  if constexpr (gathers) handler_.serve_ready();
  if (!stalled_) conclude_flush(handler_.flush());
}

template <handler Handler>
void worker_loop<Handler>::on_room() {
  const outcome flushed = handler_.flush();
  if (flushed.what == verdict::keep) resume();
  conclude_flush(flushed);
}

template <handler Handler>
void worker_loop<Handler>::conclude_flush(const outcome& flushed) {
  if (flushed.what == verdict::stalled) stall();
  if (flushed.what == verdict::broken) on_broken_output(flushed.error);
}

template <handler Handler>
int worker_loop<Handler>::timeout_ms() const {
  if constexpr (gathers) {
    if (handler_.busy()) return 0;
  }
  return shutdown_.draining() ? sweep_ms : wait_.most_ms;
}

template <handler Handler>
void worker_loop<Handler>::on_signals() {
  while (const int number = signals_.next()) {
    // Both may have reached the whole process group; what they mean is the supervisor's to say.
    if (number == SIGTERM) ask_to_leave();
    if (number == SIGALRM) alarm_ = true;
  }
}

template <handler Handler>
void worker_loop<Handler>::on_orders() {
  std::array<ipc::worker_order, 16> orders;
  std::array<ipc::worker_report, 16> reports;
  std::size_t accepted = 0;
  sys::unique_fd descriptor;
  const sys::result count = supervisor_.receive_bytes(orders.data(), orders.size(), descriptor);
  if (count == -EAGAIN) return;
  if (count <= 0) return orphaned();
  for (const ipc::worker_order order : std::span(orders).first(static_cast<std::size_t>(count))) {
    switch (order) {
      case ipc::worker_order::accept:
        reports[accepted++] = accept_one();
        break;
      case ipc::worker_order::retire:
        retire();
        break;
      case ipc::worker_order::leave:
        leave();
        break;
      case ipc::worker_order::drain:
        drain();
        break;
      case ipc::worker_order::queue_empty:
        takes_queue_ = false;
        acceptor_.close();
        break;
      case ipc::worker_order::expire:
        expire();
        break;
      case ipc::worker_order::reopen:
        on_reopen(descriptor);
        break;
    }
  }
  report(std::span(reports).first(accepted));
}

template <handler Handler>
void worker_loop<Handler>::on_reopen(sys::unique_fd& output) {
  if (output) {
    next_output_ = std::move(output);
  } else {
    acceptor_.lend_spare();
    report(ipc::worker_report::unopened);
  }
}

template <handler Handler>
void worker_loop<Handler>::change_output() {
  sys::check("dup2", sys::replace(next_output_.get(), STDOUT_FILENO));
  next_output_.reset();
  acceptor_.take_back_spare();
  report(ipc::worker_report::reopened);
}

template <handler Handler>
void worker_loop<Handler>::on_client(client& one) {
  if constexpr (replying_handler<Handler>) {
    if ((one.watched & EPOLLOUT) != 0) return conclude(one, attempt(one, [&] { return handler_.on_writable(one); }));
  }
  ++reads_;
  conclude(one, attempt(one, [&] { return handler_.on_readable(one); }));
}

/// A client for which there is no memory ends, and nobody else. A handler that can tell its client catches it itself.
template <handler Handler>
template <typename Step>
outcome worker_loop<Handler>::attempt(client& one, Step step) {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    on_no_memory(one.peer);
    return {verdict::reset, ENOMEM};
  }
}

/// The documents' tick: after all I/O of the round, so that what has come in time counts.
template <handler Handler>
void worker_loop<Handler>::turn_wheel() {
  alarm_ = false;
  deadlines_.turn([this](client_deadlines& due, ipc::timeout_reason reason) {
    if (!paused() && !broken_ && !expired()) return on_deadline(static_cast<client&>(due), reason);
    deadlines_.again(due);
  });
}

template <handler Handler>
void worker_loop<Handler>::on_deadline(client& one, ipc::timeout_reason reason) {
  const bool silent = reason == ipc::timeout_reason::idle || reason == ipc::timeout_reason::first_byte;
  // Bytes that came while this round went on, or wait because of stdout, are none of silence.
  if (silent && (one.watched & EPOLLIN) != 0 && waiting_bytes(one) > 0) return deadlines_.again(one);
  const outcome result = attempt(one, [&] { return handler_.on_timeout(one, reason); });
  if (result.what != verdict::timed_out) return conclude(one, result);
  stats_.bytes_late.add(waiting_bytes(one));
  clients_.time_out(one, reason);
}

template <handler Handler>
void worker_loop<Handler>::conclude(client& one, const outcome& result) {
  switch (result.what) {
    case verdict::keep:
      break;
    case verdict::close:
    case verdict::timed_out:
      clients_.close(one);
      break;
    case verdict::reset:
      clients_.fail(one, result.error);
      break;
    case verdict::stalled:
      stall();
      break;
    case verdict::broken:
      on_broken_output(result.error);
      break;
  }
}

template <handler Handler>
ipc::worker_report worker_loop<Handler>::accept_one() {
  ipc::peer_address peer{};
  const sys::result accepted = acceptor_.accept(peer);
  if (is_exhaustion(accepted)) return refuse(accepted);
  if (accepted < 0) return ipc::worker_report::nothing;
  return open(static_cast<int>(accepted), peer);
}

template <handler Handler>
ipc::worker_report worker_loop<Handler>::open(int connection, const ipc::peer_address& peer) {
  try {
    clients_.open(connection, peer);
    refusing_ = false;
    return ipc::worker_report::accepted;
  } catch (const std::bad_alloc&) {
    turn_away(connection);
    on_no_memory(peer);
    return ipc::worker_report::refused;
  }
}

/// In a stop, what it had sent is a loss.
template <handler Handler>
void worker_loop<Handler>::turn_away(int connection) {
  stats_.refused.add(1);
  if constexpr (!replying_handler<Handler>) {
    if (shutdown_.draining()) stats_.bytes_unread.add(waiting_bytes(connection));
  }
  sys::close(connection);
}

template <handler Handler>
void worker_loop<Handler>::on_no_memory(const ipc::peer_address& peer) {
  stats_.out_of_memory.add(1);
  log_refusal(peer, ENOMEM);
}

template <handler Handler>
void worker_loop<Handler>::log_refusal(const ipc::peer_address& peer, int error) {
  ipc::log_record record{};
  record.peer = peer;
  record.error = error;
  if (!std::exchange(refusing_, true)) log_.write(ipc::log_event::refuse, record);
}

template <handler Handler>
ipc::worker_report worker_loop<Handler>::refuse(sys::result failure) {
  // Who waits when the pool stops is served: the order to drain follows.
  if (page_.state.get() == static_cast<std::uint64_t>(ipc::pool_state::draining)) return ipc::worker_report::nothing;
  ipc::peer_address peer{};
  const sys::result refused = acceptor_.refuse(peer);
  if (refused == -EAGAIN) return ipc::worker_report::nothing;
  log_refusal(peer, static_cast<int>(-failure));
  if (refused < 0) return ipc::worker_report::exhausted;
  stats_.refused.add(1);
  return ipc::worker_report::refused;
}

template <handler Handler>
void worker_loop<Handler>::report(std::span<const ipc::worker_report> what) {
  // The supervisor reads every report, so there is room for them; if it is gone, reading says so.
  if (!what.empty()) [[maybe_unused]]
    const sys::result sent = supervisor_.send_bytes(what.data(), what.size());
}

template <handler Handler>
void worker_loop<Handler>::stall() {
  stalled_ = true;
  if (!gathers) clock_.stop();
  const sys::result awaiting = await(handler_.waits_for());
  if (awaiting < 0) return on_broken_output(static_cast<int>(-awaiting));
  if (!wait_.output_full || stats_.stalled_since_ns.get() != 0) return;
  stats_.stalled_since_ns.set(sys::monotonic_ns());
  log_.write(ipc::log_event::stall);
}

template <handler Handler>
void worker_loop<Handler>::resume() {
  stalled_ = false;
  // What is watched can be taken out.
  [[maybe_unused]] const sys::result done = await({-1, 0});
  clock_.go_on();
  if (stats_.stalled_since_ns.get() == 0) return;
  const std::uint64_t lasted = sys::monotonic_ns() - stats_.stalled_since_ns.get();
  stats_.stalled_since_ns.set(0);
  stats_.stalled_ns.add(lasted);
  ipc::log_record record{};
  record.count = lasted;
  log_.write(ipc::log_event::resume, record);
}

/// Where clients are served meanwhile, the poller waits for it as well.
template <handler Handler>
sys::result worker_loop<Handler>::await(wait_condition what) {
  sys::result done = 0;
  if constexpr (gathers) {
    if (what.fd == wait_.fd) return 0;
    if (wait_.fd >= 0) done = poller_.remove(wait_.fd);
    if (what.fd >= 0) done = poller_.add(what.fd, what.events, static_cast<std::uint64_t>(what.fd));
  }
  wait_ = what;
  return done;
}

template <handler Handler>
void worker_loop<Handler>::on_broken_output(int error) {
  note_broken_output(error);
  if (shutdown_.draining()) expire();
}

template <handler Handler>
void worker_loop<Handler>::note_broken_output(int error) {
  if (stalled_) resume();
  broken_ = true;
  stats_.output_error.set(static_cast<std::uint64_t>(error));
  report(ipc::worker_report::output_failed);
}

template <handler Handler>
void worker_loop<Handler>::retire() {
  shutdown_.retire();
  acceptor_.close();
}

template <handler Handler>
void worker_loop<Handler>::ask_to_leave() {
  if (!std::exchange(leaving_, true)) report(ipc::worker_report::leaving);
}

template <handler Handler>
void worker_loop<Handler>::orphaned() {
  // Not watched any more, or its end would be reported for ever.
  supervisor_.close();
  own_deadline_ms_ = detail::now_ms() + ipc::orphan_drain_ms;
  drain();
}

/// The others go on to accept.
template <handler Handler>
void worker_loop<Handler>::leave() {
  acceptor_.close();
  drain();
}

template <handler Handler>
void worker_loop<Handler>::drain() {
  if (!shutdown_.drain()) return;
  clients_.begin_drain();
  takes_queue_ = acceptor_.is_open();
  if (takes_queue_) take_queue();
  if (broken_) expire();
}

/// Clients whose connection the kernel has completed may have sent already: they are served too. Who cannot be taken
/// for want of a descriptor is taken by a sibling, or when a connection has ended.
template <handler Handler>
void worker_loop<Handler>::take_queue() {
  // More than the queue held when the drain began came later.
  while (taken_ <= config_.backlog) {
    ipc::peer_address peer{};
    const sys::result accepted = acceptor_.accept(peer);
    if (is_exhaustion(accepted)) return;
    if (accepted < 0) break;
    open(static_cast<int>(accepted), peer);
    ++taken_;
  }
  queue_is_empty();
}

template <handler Handler>
void worker_loop<Handler>::queue_is_empty() {
  takes_queue_ = false;
  acceptor_.close();
  report(ipc::worker_report::queue_empty);
}

template <handler Handler>
void worker_loop<Handler>::sweep() {
  if (takes_queue_) take_queue();
  if constexpr (!replying_handler<Handler>) {
    if (shutdown_.begin_grace()) clients_.begin_grace();
  }
  const instant now = clock_.now();
  clients_.for_each([&](client& one) {
    if (!handler_.drained(one, now)) return;
    const std::uint64_t late = waiting_bytes(one);
    // What has not been read yet is no pause.
    if (late > 0 && !drain::cut_off(one, now)) return;
    stats_.bytes_late.add(late);
    clients_.close(one);
  });
}

template <handler Handler>
void worker_loop<Handler>::expire() {
  if (!shutdown_.expire()) return;
  if (!broken_) {
    const outcome flushed = handler_.flush_now();
    if (flushed.what == verdict::broken) note_broken_output(flushed.error);
  }
  const std::uint64_t dropped = handler_.pending();
  clients_.for_each([&](client& one) {
    if constexpr (!replying_handler<Handler>) {
      const std::uint64_t waiting = waiting_bytes(one);
      const std::uint64_t owed = drain::owed_of(one, waiting);
      stats_.bytes_unread.add(owed);
      stats_.bytes_late.add(waiting - owed);
    }
    if constexpr (gathers) cut_off_ |= handler_.expire(one);
    clients_.close(one);
  });
  if (stalled_) resume();
  stats_.bytes_dropped.add(dropped);
  if (takes_queue_) expire_queue();
}

/// Counts what those had sent that nobody has accepted. There are descriptors for it now.
template <handler Handler>
void worker_loop<Handler>::expire_queue() {
  for (; taken_ <= config_.backlog; ++taken_) {
    ipc::peer_address peer{};
    const sys::result accepted = acceptor_.accept(peer);
    if (is_exhaustion(accepted)) return;
    if (accepted < 0) break;
    turn_away(static_cast<int>(accepted));
  }
  queue_is_empty();
}

template <handler Handler>
bool worker_loop<Handler>::finished() const {
  if (expired()) return true;
  return shutdown_.ending() && !takes_queue_ && clients_.count() == 0 && handler_.pending() == 0;
}

}  // namespace procpool::worker
