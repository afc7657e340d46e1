#include "worker/worker.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include "sys/sys_error.h"
#include "worker/handlers/echo_handler.h"
#include "worker/handlers/http_handler.h"
#include "worker/handlers/sink_handler.h"
#include "worker/service.h"
#include "worker/worker_loop.h"

namespace procpool::worker {
namespace {

// Echo writes nothing to it and changes nothing about it.
constexpr int no_stdout = -1;

template <handler Handler>
int serve(worker_setup& setup, worker_parts&& worker, const pacer::profile& pauses) {
  service<Handler> clients(worker, setup.memory.connections());
  listening_socket listener(setup.listener);
  return worker_loop(worker, clients, listener, std::move(setup.supervisor_channel), pauses).run();
}

int serve(worker_setup& setup, worker_log& log) {
  switch (setup.config.handler) {
    case ipc::handler_kind::sink:
      return serve<sink_handler>(setup, {setup, log, STDOUT_FILENO, kind_of(STDOUT_FILENO), sharing::bytes},
                                 pacer::throughput);
    case ipc::handler_kind::echo:
      return serve<echo_handler>(setup, {setup, log, no_stdout, output_kind::other, sharing::bytes}, pacer::throughput);
    case ipc::handler_kind::http:
      return serve<http_handler>(setup, {setup, log, STDOUT_FILENO, kind_of(STDOUT_FILENO), sharing::records},
                                 pacer::latency);
  }
  return EXIT_FAILURE;
}

}  // namespace

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
