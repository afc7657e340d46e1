#include "worker/worker_log.h"

#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {

worker_log::worker_log(ipc::channel end, ipc::log_level level, int worker, ipc::counter& dropped)
    : end_(std::move(end)), level_(level), worker_(worker), dropped_(dropped) {}

void worker_log::write(ipc::log_event event, ipc::log_record details) {
  if (!wants(event)) return;
  ipc::complete(details, event, worker_);
  send(details);
}

void worker_log::fail(const sys::sys_error& failure) {
  ipc::log_record record = ipc::describe(failure);
  ipc::complete(record, ipc::log_event::fail, worker_);
  send(record);
}

void worker_log::send(const ipc::log_record& record) {
  if (end_.send(record) < 0) dropped_.add(1);
}

}  // namespace procpool::worker
