#include "worker/supervisor_link.h"

#include <cerrno>
#include <utility>

namespace procpool::worker {

supervisor_link::received supervisor_link::receive() {
  received input;
  const sys::result count = end_.receive_bytes(orders_.data(), orders_.size(), input.output);
  if (count == -EAGAIN) return input;
  if (count > 0) {
    input.orders = std::span(orders_).first(static_cast<std::size_t>(count));
    return input;
  }
  // Not watched any more, or its end would be reported again and again.
  end_.close();
  input.ended = true;
  return input;
}

void supervisor_link::report(ipc::worker_report sent) {
  if (reported_ == reports_.size()) send();
  reports_[reported_++] = sent;
}

void supervisor_link::send() {
  if (reported_ == 0) return;
  // The supervisor reads every report, so there is room for them; if it is gone, receive() says so.
  [[maybe_unused]] const sys::result sent = end_.send_bytes(reports_.data(), reported_);
  reported_ = 0;
}

}  // namespace procpool::worker
