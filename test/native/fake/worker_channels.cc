#include "supervisor/worker_channels.h"

#include "fake/binding.h"
#include "supervisor/dispatcher.h"

namespace procpool::testing {

using supervisor::event_tag;
using supervisor::worker_channels;

namespace {

/// The channels of a supervisor's workers, with the poller that watches them.
struct channels {
  event::poller poller;
  worker_channels workers{poller};
};

void show(Napi::Object object, const std::shared_ptr<channels>& self) {
  method(object, "open", [self](int slot, int fd) { self->workers.open(slot, ipc::channel(sys::unique_fd(fd))); });
  method(object, "close", [self](int slot) { self->workers.close(slot); });
  method(object, "isOpen", [self](int slot) { return self->workers.is_open(slot); });
  method(object, "isCurrent", [self](std::uint32_t high, std::uint32_t low) {
    return self->workers.is_current(event_tag::unpack(std::uint64_t{high} << 32 | low));
  });
  method(object, "orderAccept",
         [self](int slot, std::size_t count) { return self->workers.order(slot, ipc::worker_order::accept, count); });
  method(object, "orderReopen", [self](int slot, int output) { return self->workers.order_reopen(slot, output); });
}

}  // namespace

void show_worker_channels(Napi::Object exports) {
  constructor(
      exports, "WorkerChannels", [](const auto&) { return std::make_shared<channels>(); }, show);
}

}  // namespace procpool::testing
