#include "event/event_tag.h"

#include "bind.h"

namespace procpool::testing {
namespace {

enum class kind : std::uint8_t {};
using tag = event::event_tag<kind>;

Napi::Value pack(const Napi::CallbackInfo& info) {
  const tag packed{static_cast<kind>(js<std::uint32_t>::from(info[0])), js<std::uint32_t>::from(info[1]),
                   event::generation(js<std::uint32_t>::from(info[2]))};
  return Napi::BigInt::New(info.Env(), packed.pack());
}

Napi::Value unpack(const Napi::CallbackInfo& info) {
  bool lossless = false;
  const tag unpacked = tag::unpack(info[0].As<Napi::BigInt>().Uint64Value(&lossless));
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("kind", static_cast<std::uint32_t>(unpacked.kind));
  object.Set("index", unpacked.index);
  object.Set("generation", unpacked.generation.value());
  return object;
}

std::uint32_t next_generation(std::uint32_t value) {
  event::generation generation(value);
  generation.advance();
  return generation.value();
}

}  // namespace

void show_event_tag(Napi::Object exports) {
  exports.Set("packTag", Napi::Function::New(exports.Env(), pack));
  exports.Set("unpackTag", Napi::Function::New(exports.Env(), unpack));
  method(exports, "nextGeneration", next_generation);
  exports.Set("maxGeneration", event::generation::mask);
}

}  // namespace procpool::testing
