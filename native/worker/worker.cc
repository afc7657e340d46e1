#include "worker/worker.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include "sys/sys_error.h"
#include "worker/handlers/echo_handler.h"
#include "worker/handlers/http_handler.h"
#include "worker/handlers/sink_handler.h"
#include "worker/leftovers.h"
#include "worker/service.h"
#include "worker/standby.h"
#include "worker/worker_loop.h"

namespace procpool::worker {
namespace {

// Echo writes nothing to it and changes nothing about it.
constexpr int no_stdout = -1;

/// After the death of the worker before: what the call did in which it died, and which descriptors nobody needs.
template <handler Handler>
void clean_up(const worker_setup& setup, int log_channel) {
  worker_state& state = setup.memory.state();
  output::repair(STDOUT_FILENO, state.output);
  const auto descriptor = [](std::uint64_t plus_one) { return static_cast<int>(plus_one) - 1; };
  const std::array kept{state.listener_closed ? -1 : setup.listener,
                        setup.write_wakeup,
                        setup.supervisor_channel.fd(),
                        log_channel,
                        descriptor(state.poller),
                        descriptor(state.output.pipe_in),
                        descriptor(state.output.pipe_out),
                        state.output.open ? descriptor(state.output.record.file) : -1};
  connection_table<typename Handler::client_type> clients(setup.memory.connections());
  close_leftovers(clients, state.output.call, setup.listener, kept);
}

/// Until it has nothing more to do. What it cannot go on without is another's to try: nothing is closed on the way out.
int run(worker_loop& loop, worker_log& log) {
  try {
    return loop.run();
  } catch (const sys::sys_error& failure) {
    log.fail(failure);
  } catch (const std::bad_alloc&) {
    log.fail({"malloc", ENOMEM});
  }
  sys::exit_now(EXIT_FAILURE);
}

template <handler Handler>
int serve(worker_setup& setup, worker_log& log, int output_fd, sharing how, const pacer::profile& pauses) {
  if (setup.resumes) clean_up<Handler>(setup, log.fd());
  sys::keep_in_memory(&setup.memory.state().output.call, sizeof(intent));
  worker_parts worker(setup, log, output_fd, output_fd < 0 ? output_kind::other : kind_of(output_fd), how);
  service<Handler> clients(worker, setup.memory.connections());
  listening_socket listener(setup.listener, worker.state.listener_closed);
  worker_loop loop(worker, clients, listener, std::move(setup.supervisor_channel), pauses);
  if (setup.resumes) loop.resume();
  const int status = run(loop, log);
  setup.page.processes[setup.id].finished.store(true);
  return status;
}

int serve(worker_setup& setup, worker_log& log) {
  switch (setup.config.handler) {
    case ipc::handler_kind::sink:
      return serve<sink_handler>(setup, log, STDOUT_FILENO, sharing::bytes, pacer::throughput);
    case ipc::handler_kind::echo:
      return serve<echo_handler>(setup, log, no_stdout, sharing::bytes, pacer::throughput);
    case ipc::handler_kind::http:
      return serve<http_handler>(setup, log, STDOUT_FILENO, sharing::records, pacer::latency);
  }
  return EXIT_FAILURE;
}

}  // namespace

std::size_t record_bytes(ipc::handler_kind handler) {
  return handler == ipc::handler_kind::http ? http_bodies::memory_bytes : 0;
}

std::size_t connection_bytes(ipc::handler_kind handler) {
  switch (handler) {
    case ipc::handler_kind::sink:
      return connection_table<sink_handler::client_type>::slot_bytes;
    case ipc::handler_kind::echo:
      return connection_table<echo_handler::client_type>::slot_bytes;
    case ipc::handler_kind::http:
      return connection_table<http_handler::client_type>::slot_bytes;
  }
  return 0;
}

int run_worker(worker_setup setup) {
  standby standbys(setup.page.processes[setup.id], setup.id, setup.supervisor, setup.supervisor_channel);
  setup.resumes = setup.config.takes_over && standbys.begin();
  sys::set_title("worker " + std::to_string(setup.id));
  sys::name_process((std::string(ipc::worker_name) + std::to_string(setup.id)).c_str());
  worker_log log(std::move(setup.log_channel), static_cast<ipc::log_level>(setup.config.log_level), setup.id,
                 setup.page.workers[setup.id].log_dropped);
  try {
    return serve(setup, log);
  } catch (const sys::sys_error& failure) {
    log.fail(failure);
  } catch (const std::bad_alloc&) {
    log.fail({"malloc", ENOMEM});
  }
  return EXIT_FAILURE;
}

}  // namespace procpool::worker
