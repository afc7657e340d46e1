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

void report_failure(worker_setup& setup, const sys::sys_error& failure) {
  ipc::log_record record = ipc::describe(failure);
  ipc::complete(record, ipc::log_event::fail, setup.id);
  if (setup.log_channel.send(record) < 0) setup.page.workers[setup.id].log_dropped.add(1);
}

template <handler Handler>
int serve(worker_setup& setup, worker_parts&& worker, const pacer::profile& pauses) {
  service<Handler> clients(worker, setup.memory.connections());
  listening_socket listener(setup.listener);
  return worker_loop(worker, clients, listener, std::move(setup.supervisor_channel), pauses).run();
}

int serve(worker_setup& setup) {
  switch (setup.config.handler) {
    case ipc::handler_kind::sink:
      return serve<sink_handler>(setup, {setup, STDOUT_FILENO, kind_of(STDOUT_FILENO), sharing::bytes},
                                 pacer::throughput);
    case ipc::handler_kind::echo:
      return serve<echo_handler>(setup, {setup, no_stdout, output_kind::other, sharing::bytes}, pacer::throughput);
    case ipc::handler_kind::http:
      return serve<http_handler>(setup, {setup, STDOUT_FILENO, kind_of(STDOUT_FILENO), sharing::records},
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
  try {
    return serve(setup);
  } catch (const sys::sys_error& failure) {
    report_failure(setup, failure);
  } catch (const std::bad_alloc&) {
    report_failure(setup, {"malloc", ENOMEM});
  }
  return EXIT_FAILURE;
}

}  // namespace procpool::worker
