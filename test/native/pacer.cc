#include "worker/output/pacer.h"

#include "bind.h"

namespace procpool::testing {

void show_pacer(Napi::Object exports) {
  constructor(
      exports, "Pacer",
      [](const Napi::CallbackInfo& info) {
        const bool latency = info[1].As<Napi::Boolean>();
        return std::make_shared<worker::pacer>(js<std::uint64_t>::from(info[0]),
                                               latency ? worker::pacer::latency : worker::pacer::throughput,
                                               js<std::uint64_t>::from(info[2]));
      },
      [](Napi::Object object, const std::shared_ptr<worker::pacer>& self) {
        method(object, "round", [self](std::uint64_t now, std::uint64_t total, std::uint64_t reads) {
          return self->round(now, total, reads);
        });
      });
}

}  // namespace procpool::testing
