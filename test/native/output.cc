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

/// An output with memory of its own, and one client. Empty once the test has closed it: its descriptors do not wait for
/// the garbage collector.
struct closable_output {
  std::unique_ptr<worker::output_memory> memory = std::make_unique<worker::output_memory>();
  ipc::worker_slot stats;
  std::uint64_t received = 0;
  int error = 0;
  std::optional<output> out;

  ~closable_output() { close(); }
  worker::input from(int socket) { return {socket, received, error}; }
  void close() {
    out.reset();
    for (std::uint64_t* end : {&memory->pipe_in, &memory->pipe_out}) {
      if (*end != 0) sys::close(static_cast<int>(std::exchange(*end, 0)) - 1);
    }
  }
};

using closable = std::shared_ptr<closable_output>;

closable make(const Napi::CallbackInfo& info) {
  const int fd = js<int>::from(info[0]);
  auto made = std::make_shared<closable_output>();
  if (info.Length() == 1) {
    made->out.emplace(fd, *made->memory, made->stats);
  } else {
    made->out.emplace(fd, *made->memory, made->stats, js<output_kind>::from(info[1]), js<output_way>::from(info[2]));
  }
  return made;
}

void show(Napi::Object object, const closable& self) {
  method(object, "spliceFrom", [self](int socket) { return self->out.value().splice_from(self->from(socket)); });
  method(object, "appendFrom", [self](int socket) { return self->out.value().append_from(self->from(socket)); });
  method(object, "flush", [self] {
    flushed value{};
    value.result = self->out.value().flush(value.delivered);
    return value;
  });
  method(object, "close", [self] { self->close(); });
  property(object, "pending", [self] { return self->memory->staging.pending(); });
  property(object, "room", [self] { return self->memory->staging.room(); });
  property(object, "fd", [self] { return self->out.value().waits_for().fd; });
}

}  // namespace

void show_output(Napi::Object exports) {
  method(exports, "kindOf", [](int fd) { return worker::kind_of(fd); });
  method(exports, "wayFor", [](output_kind kind) { return worker::way_for(kind); });
  constructor(exports, "Output", make, show);
}

}  // namespace procpool::testing
