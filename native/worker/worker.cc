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
#include "worker/worker_loop.h"

namespace procpool::worker {
namespace {

// Of the handler that writes nothing there, and shall change nothing about it.
constexpr int no_stdout = -1;

void report_failure(worker_setup& setup, const sys::sys_error& failure) {
  ipc::log_record record = ipc::describe(failure);
  ipc::complete(record, ipc::log_event::fail, setup.id);
  if (setup.log_channel.send(record) < 0) setup.page.workers[setup.id].log_dropped.add(1);
}

template <handler Handler>
int serve(worker_setup& setup, output&& out) {
  return worker_loop<Handler>(setup, out).run();
}

int serve(worker_setup& setup) {
  switch (setup.config.handler) {
    case ipc::handler_kind::sink:
      return serve<sink_handler>(setup, output(STDOUT_FILENO));
    case ipc::handler_kind::echo:
      return serve<echo_handler>(setup, output(no_stdout, output_kind::other));
    case ipc::handler_kind::http:
      return serve<http_handler>(setup, output(STDOUT_FILENO));
  }
  return EXIT_FAILURE;
}

}  // namespace

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
