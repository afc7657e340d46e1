#include "worker/pacer.h"

#include "bind.h"

namespace procpool::testing {

void show_pacer(Napi::Object exports) {
  constructor(
      exports, "Pacer",
      [](const Napi::CallbackInfo& info) {
        return std::make_shared<worker::pacer>(js<std::uint64_t>::from(info[0]), info[1].As<Napi::Boolean>()
                                                                                     ? worker::pacer::brisk
                                                                                     : worker::pacer::patient);
      },
      [](Napi::Object object, const std::shared_ptr<worker::pacer>& self) {
        method(object, "round", [self](std::uint64_t now, std::uint64_t bytes, std::uint64_t reads) {
          return self->round(now, bytes, reads);
        });
      });
}

}  // namespace procpool::testing
