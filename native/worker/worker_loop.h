#pragma once

#include <sys/epoll.h>

#include <csignal>
#include <cstdint>
#include <span>

#include "event/event_source.h"
#include "sys/unique_fd.h"
#include "worker/acceptor.h"
#include "worker/any_service.h"
#include "worker/event_kind.h"
#include "worker/output/pacer.h"
#include "worker/stopping.h"
#include "worker/supervisor_link.h"
#include "worker/worker_parts.h"

namespace procpool::worker {

/// The worker's loop: waits for its clients, its supervisor and its signals, and passes each event on.
/// While stdout takes nothing it waits for stdout instead of the clients, so that TCP itself slows them down, and
/// everything else goes on. Worker.
class worker_loop {
 public:
  /// Throws sys_error.
  worker_loop(worker_parts& worker, any_service& service, listening_socket& listener, ipc::channel supervisor,
              const pacer::profile& pauses);

  /// To be called first where a worker before this one has died: goes on with its clients.
  void resume();

  /// Until the worker has nothing more to do. Returns the exit status. Throws sys_error.
  int run();

 private:
  void watch(int fd, event_kind kind);
  template <typename Wait>
  auto waited(Wait wait);
  void wait_for_events();
  void wait_for_output();
  void dispatch(const event_tag& tag);
  void end_round();
  void pace();
  void pause();
  [[nodiscard]] int timeout_ms() const;

  void on_signals();
  void on_orders();
  void obey(ipc::worker_order order, sys::unique_fd& descriptor);
  void on_output();
  void report_broken_output();
  void watch_output();
  void on_reopen(sys::unique_fd& output);
  void change_output();

  worker_parts& worker_;
  ipc::slot_processes& vitals_;
  any_service& service_;
  listening_socket& listener_;
  supervisor_link supervisor_;
  acceptor acceptor_;
  stopping stopping_;
  event::event_source signals_{SIGTERM, SIGINT, SIGALRM};
  pacer pacer_;
  std::uint64_t pause_ns_ = 0;  // before the next round

  std::span<const epoll_event> unserved_;  // the poller's last events, from the next on
  bool crowded_ = false;                   // there may be more
  bool alarm_ = false;                     // the interval timer has rung
  int watched_output_ = -1;                // what the poller waits for in order to write on
  bool output_reported_ = false;           // as broken
  bool resumed_ = false;
  sys::unique_fd next_output_;  // where stdout is to lead
};

}  // namespace procpool::worker
