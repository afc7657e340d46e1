#include "worker/worker.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "sys/sys_error.h"
#include "worker/sink_handler.h"
#include "worker/worker_loop.h"

namespace procpool::worker {
namespace {

void report_failure(worker_setup& setup, const sys::sys_error& failure) {
  ipc::log_record record = ipc::describe(failure);
  ipc::complete(record, ipc::log_event::fail, setup.id);
  if (setup.log_channel.send(record) < 0) setup.page.workers[setup.id].log_dropped.add(1);
}

}  // namespace

int run_worker(worker_setup setup) {
  sys::name_process((std::string(ipc::worker_name) + std::to_string(setup.id)).c_str());
  try {
    output out(STDOUT_FILENO);
    return worker_loop<sink_handler>(setup, out).run();
  } catch (const sys::sys_error& failure) {
    report_failure(setup, failure);
    return 1;
  }
}

}  // namespace procpool::worker
