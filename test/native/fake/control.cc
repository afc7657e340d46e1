#include "supervisor/control.h"

#include "fake/binding.h"

namespace procpool::testing {

template <>
struct js<ipc::control_order> {
  static Napi::Value to(Napi::Env env, const ipc::control_order& order) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", static_cast<std::uint32_t>(order.kind));
    object.Set("value", order.value);
    object.Set("signal", order.signal);
    return object;
  }
};

namespace {

constexpr int host_fd = 7;
constexpr std::uint64_t tag = 1;

/// A supervisor's side of the control channel, with the poller that watches it.
struct control_side {
  ipc::counter dropped;
  event::poller poller;
  supervisor::control control{ipc::channel(sys::unique_fd(host_fd)), dropped};
};

void show(Napi::Object object, const std::shared_ptr<control_side>& self) {
  method(object, "watch", [self] { self->control.watch(self->poller, tag); });
  method(object, "write", [self](std::uint64_t count) {
    ipc::log_record record{};
    record.count = count;
    self->control.write(ipc::log_event::size, record);
  });
  method(object, "flush", [self] { self->control.flush(); });
  method(object, "deliverAll", [self] { self->control.deliver_all(); });
  method(object, "next", [self] { return self->control.next(); });
  method(object, "takeDescriptor", [self] { return self->control.take_descriptor().release(); });
  property(object, "gone", [self] { return self->control.gone(); });
  property(object, "dropped", [self] { return self->dropped.get(); });
}

}  // namespace

void show_control(Napi::Object exports) {
  constructor(
      exports, "Control", [](const auto&) { return std::make_shared<control_side>(); }, show);
  exports.Set("hostFd", host_fd);
  exports.Set("maxWaiting", static_cast<double>(supervisor::control::max_waiting));
  exports.Set("recordCountOffset", static_cast<double>(offsetof(ipc::log_record, count)));
  exports.Set("orderSize", static_cast<double>(sizeof(ipc::control_order)));
}

}  // namespace procpool::testing
