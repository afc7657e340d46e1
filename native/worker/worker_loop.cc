#include "worker/worker_loop.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "sys/sys_error.h"

namespace procpool::worker {
namespace {

// Clients are looked at as often while the worker drains.
constexpr int sweep_ms = 10;

}  // namespace

worker_loop::worker_loop(worker_parts& worker, any_service& service, listening_socket& listener,
                         ipc::channel supervisor, const pacer::profile& pauses)
    : worker_(worker),
      vitals_(worker.vitals),
      service_(service),
      listener_(listener),
      supervisor_(std::move(supervisor)),
      acceptor_(worker, listener, service, supervisor_),
      stopping_(worker, acceptor_, service, supervisor_),
      pacer_(worker.config.batch_delay_us * std::uint64_t{1000}, pauses, worker.stats.bytes_in.get()) {
  watch(signals_.fd(), event_kind::signal);
  watch(supervisor_.fd(), event_kind::order);
}

void worker_loop::watch(int fd, event_kind kind) {
  const sys::result added = worker_.poller.add(fd, EPOLLIN, event_tag{kind}.pack());
  // A worker that has taken over finds its channel watched.
  if (added != -EEXIST) sys::check("epoll_ctl", added);
}

void worker_loop::resume() {
  resumed_ = true;
  worker_.shutdown.resume();
  service_.resume();
  // The worker before may have waited for either of them; and it may have died before it could wake those who wait.
  for (const int output : {STDOUT_FILENO, worker_.writer.wakeup_fd()}) {
    [[maybe_unused]] const sys::result removed = worker_.poller.remove(output);
  }
  worker_.writer.wake_others();
  vitals_.connections.store(service_.clients());
  vitals_.pending.store(worker_.writer.pending());
}

int worker_loop::run() {
  supervisor_.report(resumed_ ? ipc::worker_report::resumed : ipc::worker_report::ready);
  supervisor_.send();
  // What the worker before had left to do: its clients may be waiting for that, and send nothing until then.
  if (resumed_) end_round();
  while (!stopping_.finished()) {
    if (worker_.writer.broken() || service_.paused()) {
      wait_for_output();
    } else {
      if (pause_ns_ > 0) pause();
      wait_for_events();
    }
    end_round();
    vitals_.rounds.store(vitals_.rounds.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  if (!worker_.shutdown.expired()) worker_.log.write(ipc::log_event::drained);
  return stopping_.cut_off() ? EXIT_FAILURE : EXIT_SUCCESS;
}

/// The supervisor tells a worker that has nothing to do from one that hangs.
template <typename Wait>
auto worker_loop::waited(Wait wait) {
  vitals_.waiting.store(true, std::memory_order_relaxed);
  const auto result = wait();
  vitals_.waiting.store(false, std::memory_order_relaxed);
  return result;
}

void worker_loop::wait_for_events() {
  if (unserved_.empty()) {
    unserved_ = waited([&] { return worker_.poller.wait(timeout_ms()); });
    crowded_ = unserved_.size() == event::poller::max_events;
  }
  while (!unserved_.empty()) {
    const auto tag = event_tag::unpack(unserved_.front().data.u64);
    unserved_ = unserved_.subspan(1);
    dispatch(tag);
    // The rest has its turn before the poller names the same ones first again. What is stale by then finds nothing.
    if (service_.paused() || worker_.writer.broken() || worker_.shutdown.expired()) return;
  }
}

void worker_loop::dispatch(const event_tag& tag) {
  switch (tag.kind) {
    case event_kind::signal:
      return on_signals();
    case event_kind::order:
      return on_orders();
    case event_kind::output:
      return on_output();
    case event_kind::client:
      return service_.on_client(tag);
  }
}

/// Neither clients nor their deadlines have their turn.
void worker_loop::wait_for_output() {
  const wait_condition condition = worker_.writer.waits_for();
  std::array<pollfd, 3> waiting{{
      {signals_.fd(), POLLIN, 0},
      {supervisor_.fd(), POLLIN, 0},
      {condition.fd, static_cast<short>(condition.events), 0},
  }};
  sys::check("poll", waited([&] { return sys::poll(waiting, timeout_ms()); }));
  if (waiting[0].revents != 0) on_signals();
  if (waiting[1].revents != 0) on_orders();
  // Whatever it was that came, the wait for the write lock may be over.
  const bool retries = condition.timeout_ms != event::poller::forever;
  if ((waiting[2].revents != 0 || retries) && !worker_.shutdown.expired()) on_output();
}

void worker_loop::end_round() {
  // The documents' tick: after all I/O of the round, so that what has come in time counts.
  if (std::exchange(alarm_, false)) {
    worker_.deadlines.turn(
        [this](client_deadlines& due, ipc::timeout_reason reason) { service_.on_deadline(due, reason); });
  }
  if (!worker_.writer.broken() && !worker_.shutdown.expired()) service_.end_round();
  if (next_output_ && worker_.writer.at_boundary()) change_output();
  watch_output();
  if (worker_.writer.broken()) report_broken_output();
  stopping_.end_round();
  supervisor_.send();
  worker_.deadlines.arm();
  pace();
}

void worker_loop::pace() {
  // The round goes on, for others whose input is here.
  if (crowded_ || worker_.writer.blocked()) return;
  const std::uint64_t reads = std::exchange(worker_.reads, 0);
  if (worker_.shutdown.draining()) return;
  pause_ns_ = pacer_.round(sys::monotonic_ns(), worker_.stats.bytes_in.get(), reads);
}

/// Lets input gather, but no order and no signal wait.
void worker_loop::pause() {
  std::array<pollfd, 2> urgent{{{signals_.fd(), POLLIN, 0}, {supervisor_.fd(), POLLIN, 0}}};
  sys::check("ppoll", waited([&] { return sys::poll_ns(urgent, std::exchange(pause_ns_, 0)); }));
}

int worker_loop::timeout_ms() const {
  if (service_.busy() && !worker_.writer.broken()) return 0;
  return worker_.shutdown.draining() || stopping_.hands_over() ? sweep_ms : worker_.writer.waits_for().timeout_ms;
}

void worker_loop::on_signals() {
  while (const int number = signals_.next()) {
    if (number == SIGTERM) stopping_.ask();
    if (number == SIGALRM) alarm_ = true;
  }
  supervisor_.send();
}

void worker_loop::on_orders() {
  supervisor_link::received received = supervisor_.receive();
  for (const ipc::worker_order order : received.orders) obey(order, received.output);
  if (received.ended) stopping_.orphan();
  supervisor_.send();
}

void worker_loop::obey(ipc::worker_order order, sys::unique_fd& descriptor) {
  switch (order) {
    case ipc::worker_order::accept:
      return supervisor_.report(acceptor_.accept());
    case ipc::worker_order::retire:
      return stopping_.retire();
    case ipc::worker_order::leave:
      return stopping_.leave();
    case ipc::worker_order::drain:
      return stopping_.drain();
    case ipc::worker_order::queue_empty:
      return acceptor_.close();
    case ipc::worker_order::expire:
      return stopping_.expire();
    case ipc::worker_order::hand_over:
      return stopping_.hand_over();
    case ipc::worker_order::reopen:
      return on_reopen(descriptor);
  }
}

void worker_loop::on_output() {
  if (worker_.writer.blocked()) service_.flush();
}

/// Where clients are served on while stdout takes nothing, the poller waits for it too; else wait_for_output() does,
/// and time stands still for the clients.
void worker_loop::watch_output() {
  if (service_.paused()) return worker_.clock.stop();
  worker_.clock.go_on();
  const wait_condition condition = worker_.writer.waits_for();
  if (condition.fd == watched_output_) return;
  // What is watched can be taken out.
  if (watched_output_ >= 0) [[maybe_unused]]
    const sys::result removed = worker_.poller.remove(watched_output_);
  watched_output_ = condition.fd;
  if (condition.fd < 0) return;
  const std::uint64_t tag = event_tag{event_kind::output}.pack();
  const sys::result added = worker_.poller.add(condition.fd, condition.events, tag);
  if (added < 0) worker_.writer.fail(added);
}

void worker_loop::report_broken_output() {
  if (std::exchange(output_reported_, true)) return;
  worker_.stats.output_error.set(static_cast<std::uint64_t>(worker_.writer.error()));
  supervisor_.report(ipc::worker_report::output_failed);
}

void worker_loop::on_reopen(sys::unique_fd& output) {
  if (output) {
    next_output_ = std::move(output);
  } else {
    listener_.lend_spare();
    supervisor_.report(ipc::worker_report::unopened);
  }
}

void worker_loop::change_output() {
  sys::check("dup2", sys::replace(next_output_.get(), STDOUT_FILENO));
  next_output_.reset();
  listener_.take_back_spare();
  supervisor_.report(ipc::worker_report::reopened);
}

}  // namespace procpool::worker
