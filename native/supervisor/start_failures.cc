#include "supervisor/start_failures.h"

#include <cstring>

namespace procpool::supervisor {

void start_failures::add(control& host, const sys::sys_error& failure, int slot) {
  ipc::log_record record = ipc::describe(failure);
  record.count = 1;
  if (last_ && last_->error == record.error && std::strcmp(last_->call, record.call) == 0) {
    ++last_->count;
    return;
  }
  end(host);
  last_ = record;
  host.write(ipc::log_event::fail, record, slot);
}

void start_failures::end(control& host) {
  if (last_ && last_->count > 1) host.write(ipc::log_event::fail, *last_);
  last_.reset();
}

}  // namespace procpool::supervisor
