#include "bind.h"
#include "worker/output/output.h"

namespace procpool::testing {

using intent_call = worker::intent::call;

template <>
constexpr std::array names<intent_call>{"none",  "receive", "fill-pipe", "drain-pipe", "send", "write-file",
                                        "write", "advance", "accept",    "watch",      "close"};

namespace {

/// What a worker leaves when it is killed, with the effects of the call that was under way. With an output, if there is
/// one: its private pipe is closed with this.
struct left_memory {
  std::unique_ptr<worker::output_memory> memory = std::make_unique<worker::output_memory>();
  ipc::worker_slot stats;
  std::uint64_t received = 0;
  int fd = -1;
  std::vector<worker::intent::effect> effects;

  ~left_memory() { close(); }
  void close() {
    for (std::uint64_t* end : {&memory->pipe_in, &memory->pipe_out}) {
      if (*end != 0) sys::close(static_cast<int>(std::exchange(*end, 0)) - 1);
    }
  }

  std::uint64_t& count(const std::string& name) {
    if (name == "begin") return memory->staging.begin;
    if (name == "end") return memory->staging.end;
    if (name == "piped") return memory->staging.piped;
    if (name == "staged") return memory->records.staged;
    if (name == "received") return received;
    if (name == "in") return stats.bytes_in.word();
    if (name == "out") return stats.bytes_out.word();
    return stats.closed.word();
  }

  /// `changes`: names of counts, each after its sign.
  void begin(intent_call what, std::uint64_t before, std::uint64_t max, const std::vector<std::string>& changes) {
    effects.clear();
    for (const std::string& change : changes) {
      std::uint64_t& changed = count(change.substr(1));
      effects.push_back(change.front() == '+' ? worker::intent::adds(changed) : worker::intent::takes(changed));
    }
    const auto begin = [&](std::initializer_list<worker::intent::effect> list) {
      memory->call.begin(what, before, max, list);
    };
    if (effects.empty()) return begin({});
    if (effects.size() == 1) return begin({effects[0]});
    if (effects.size() == 2) return begin({effects[0], effects[1]});
    begin({effects[0], effects[1], effects[2]});
  }

  /// What end() does until it is interrupted.
  void store(std::uint64_t moved, std::size_t stores) const {
    for (std::size_t index = 0; index < stores; ++index) {
      const auto& [stored, sign, before] = effects[index];
      *stored = before + static_cast<std::uint64_t>(sign) * moved;
    }
  }
};

using shared_memory = std::shared_ptr<left_memory>;

shared_memory make(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<left_memory>();
  if (info.Length() == 0) return made;
  made->fd = js<int>::from(info[0]);
  worker::output(made->fd, *made->memory, made->stats);
  return made;
}

void show(Napi::Object object, const shared_memory& self) {
  using std::uint64_t;
  worker::intent& intent = self->memory->call;
  method(object, "begin",
         [self](intent_call what, uint64_t before, uint64_t max, const std::vector<std::string>& changes) {
           self->begin(what, before, max, changes);
         });
  method(object, "store", [self](uint64_t moved, std::size_t stores) { self->store(moved, stores); });
  method(object, "end", [self, &intent](uint64_t moved) { intent.end(moved); });
  method(object, "moved", [self, &intent](uint64_t answer) { return intent.moved(answer); });
  method(object, "noteLength",
         [self, &intent](uint64_t length) { intent.transfer.message.msg_len = static_cast<unsigned>(length); });
  method(object, "receive", [self, &intent](int socket, std::size_t size) {
    return sys::receive_noted(socket, self->memory->staging.space().data(), size, intent.transfer);
  });
  method(object, "send", [self, &intent](std::size_t size) {
    return sys::send_noted(self->fd, self->memory->staging.memory.data(), size, intent.transfer);
  });
  method(object, "offset", [self] { return sys::offset_of(self->fd); });
  method(object, "repair", [self] { worker::output::repair(self->fd, *self->memory); });
  method(object, "set", [self](const std::string& name, uint64_t value) { self->count(name) = value; });
  method(object, "get", [self](const std::string& name) { return self->count(name); });
  method(object, "close", [self] { self->close(); });
  property(object, "underWay", [self, &intent] { return intent.under_way(); });
  property(object, "pending", [self] { return self->memory->staging.pending(); });
  property(object, "pipeIn", [self] { return static_cast<int>(self->memory->pipe_in) - 1; });
  property(object, "pipeOut", [self] { return static_cast<int>(self->memory->pipe_out) - 1; });
}

}  // namespace

void show_takeover(Napi::Object exports) { constructor(exports, "LeftMemory", make, show); }

}  // namespace procpool::testing
