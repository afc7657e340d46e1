#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "event/event_source.h"
#include "event/poller.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/dispatcher.h"
#include "supervisor/listen_queue.h"
#include "supervisor/reopening.h"
#include "supervisor/spawn.h"
#include "supervisor/start_failures.h"
#include "supervisor/stop.h"
#include "supervisor/worker_table.h"

namespace procpool::supervisor {

/// The supervisor's loop: hands connections out, keeps the workers at their number, obeys the host,
/// and at the end sees every worker go. Owns the listener, the channels and the children.
class supervisor_loop {
 public:
  /// Throws sys_error.
  supervisor_loop(const ipc::pool_config& config, ipc::pool_page& page, event::poller& poller, control& host,
                  sys::unique_fd listener, sys::unique_fd log_channel);

  /// Until no worker is left. Returns the exit status: 0 if stopped and all delivered, 1 otherwise.
  int run();

 private:
  // Tags of the poller; a worker's channel has its slot added to the last.
  static constexpr std::uint64_t listener_tag = 0, signals_tag = 1, host_tag = 2, output_tag = 3, worker_tag = 4;

  void dispatch(const epoll_event& event);
  [[nodiscard]] int timeout_ms(std::uint64_t now_ms) const;
  void on_time(std::uint64_t now_ms);

  void on_signals();
  void on_orders();
  void on_request(request what);
  void on_stop_order(const ipc::control_order& order);
  void on_reports(int slot);
  void on_report(int slot, ipc::worker_report report);
  void on_output_gone(int error);
  void hand_out();

  void reopen(std::uint32_t number, const sys::unique_fd& output);
  void ask_to_reopen();
  void resize(std::uint32_t workers);
  void start_due_workers();
  void start_worker(int slot);
  void follow(int slot, const restart_plan& after);
  void on_given_up(int slot);
  void let_go(const surplus& left);
  void reap();
  void on_ended(int slot, int status);
  void on_ended_in_stop(int slot, int status);
  void settle_accounts(int slot);
  void log_size();
  void look_at_size();

  void begin_stop(std::uint64_t drain_ms);
  void order_drain(int slot);
  void on_queue_empty();
  [[nodiscard]] bool awaits_worker() const;
  void recruit(std::uint64_t now_ms);
  void on_stage_end(std::uint64_t now_ms);
  void expire();
  void kill_stuck_workers(std::uint64_t now_ms);
  void publish_stage();
  int finish();

  void write(ipc::log_event event, int slot, std::uint32_t value = 0);
  void set_state(int slot, ipc::worker_state state);
  bool order(int slot, ipc::worker_order order, std::size_t times = 1);

  const ipc::pool_config& config_;
  ipc::pool_page& page_;
  control& host_;
  sys::unique_fd log_channel_;
  sys::unique_fd write_wakeup_;
  event::poller& poller_;
  event::event_source signals_;
  listen_queue queue_;
  worker_table table_{ipc::max_workers};
  start_failures start_failures_;
  dispatcher dispatcher_;
  reopening reopening_{ipc::max_workers};
  std::vector<ipc::channel> channels_;  // by slot
  std::vector<std::size_t> tokens_;     // by slot, to be given
  std::vector<int> holders_;            // who is to get some

  stop stop_;
  stop_requests requests_;
  std::vector<std::uint64_t> progress_;  // by slot: what a worker had counted when last looked at
  std::uint64_t next_recruit_ms_ = 0;
  std::uint32_t failed_recruits_ = 0;
  std::optional<std::uint64_t> look_again_ms_;  // at the listening socket
  std::uint64_t shortage_until_ms_ = 0;         // a worker could take no connection at all
  bool offering_ = false;                       // at the end of the round: there may be connections, or room for them
  bool listening_ = false;
  bool short_ = false;  // of workers, and has said so
  bool failed_ = false;
  bool given_up_ = false;  // at the end of the round the pool begins to stop
  bool output_gone_ = false;
};

}  // namespace procpool::supervisor
