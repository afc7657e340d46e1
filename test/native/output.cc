#include "worker/output/output.h"

#include "bind.h"

namespace procpool::testing {

using worker::output;
using worker::output_kind;
using worker::output_way;

template <>
constexpr std::array names<output_kind>{"pipe", "socket", "file", "append-file", "terminal", "null-device", "other"};

template <>
constexpr std::array names<output_way>{"splice", "copy"};

namespace {

struct flushed {
  sys::result result;
  std::uint64_t delivered;
};

}  // namespace

template <>
struct js<flushed> {
  static Napi::Value to(Napi::Env env, const flushed& value) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("result", js<sys::result>::to(env, value.result));
    object.Set("delivered", js<std::uint64_t>::to(env, value.delivered));
    return object;
  }
};

namespace {

/// An output with a staging buffer. Empty once the test has closed it: its descriptors do not wait for the garbage
/// collector.
struct closable_output {
  std::unique_ptr<worker::staging_buffer> staging = std::make_unique<worker::staging_buffer>();
  std::optional<output> out;
};

using closable = std::shared_ptr<closable_output>;

closable make(const Napi::CallbackInfo& info) {
  const int fd = js<int>::from(info[0]);
  auto made = std::make_shared<closable_output>();
  if (info.Length() == 1) {
    made->out.emplace(fd, *made->staging);
  } else {
    made->out.emplace(fd, *made->staging, js<output_kind>::from(info[1]), js<output_way>::from(info[2]));
  }
  return made;
}

void show(Napi::Object object, const closable& self) {
  method(object, "spliceFrom", [self](int connection) { return self->out.value().splice_from(connection); });
  method(object, "appendFrom", [self](int connection) { return self->out.value().append_from(connection); });
  method(object, "flush", [self] {
    flushed value{};
    value.result = self->out.value().flush(value.delivered);
    return value;
  });
  method(object, "close", [self] { self->out.reset(); });
  property(object, "pending", [self] { return self->staging->pending(); });
  property(object, "room", [self] { return self->staging->room(); });
  property(object, "fd", [self] { return self->out.value().waits_for().fd; });
}

}  // namespace

void show_output(Napi::Object exports) {
  method(exports, "kindOf", [](int fd) { return worker::kind_of(fd); });
  method(exports, "wayFor", [](output_kind kind) { return worker::way_for(kind); });
  constructor(exports, "Output", make, show);
}

}  // namespace procpool::testing
