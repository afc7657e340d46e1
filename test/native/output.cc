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

// Empty once the test has closed it: its descriptors do not wait for the garbage collector.
using closable = std::shared_ptr<std::optional<output>>;

closable make(const Napi::CallbackInfo& info) {
  const int fd = js<int>::from(info[0]);
  auto made = std::make_shared<std::optional<output>>();
  if (info.Length() == 1) {
    made->emplace(fd);
  } else {
    made->emplace(fd, js<output_kind>::from(info[1]), js<output_way>::from(info[2]));
  }
  return made;
}

void show(Napi::Object object, const closable& self) {
  method(object, "fill", [self](int connection) { return self->value().fill(connection); });
  method(object, "gather", [self](int connection) { return self->value().gather(connection); });
  method(object, "flush", [self] {
    flushed value{};
    value.result = self->value().flush(value.delivered);
    return value;
  });
  method(object, "close", [self] { self->reset(); });
  property(object, "pending", [self] { return self->value().pending(); });
  property(object, "room", [self] { return self->value().room(); });
  property(object, "fd", [self] { return self->value().waits_for().fd; });
}

}  // namespace

void show_output(Napi::Object exports) {
  method(exports, "kindOf", [](int fd) { return worker::kind_of(fd); });
  method(exports, "wayFor", [](output_kind kind) { return worker::way_for(kind); });
  constructor(exports, "Output", make, show);
}

}  // namespace procpool::testing
