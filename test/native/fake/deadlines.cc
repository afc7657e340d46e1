#include "worker/connections/deadlines.h"

#include "fake/binding.h"

namespace procpool::testing {

using ipc::timeout_reason;
using worker::client_deadlines;

template <>
constexpr std::array names<timeout_reason>{"idle", "firstByte", "request", "maxAge", "pace"};

struct expiry {
  std::uint32_t client;
  timeout_reason reason;
};

template <>
struct js<expiry> {
  static Napi::Value to(Napi::Env env, const expiry& due) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("client", due.client);
    object.Set("reason", js<timeout_reason>::to(env, due.reason));
    return object;
  }
};

namespace {

/// The deadlines of some clients, which are known by number.
struct clients {
  ipc::pool_config config{};
  worker::clock_state clock_state{};
  worker::worker_clock clock{clock_state};
  worker::deadlines deadlines{config, clock};
  std::array<client_deadlines, 8> list;

  ~clients() {
    for (client_deadlines& client : list) deadlines.cancel(client);
  }

  std::vector<expiry> turn() {
    std::vector<expiry> expired;
    deadlines.turn([&](client_deadlines& client, timeout_reason reason) {
      expired.push_back({static_cast<std::uint32_t>(&client - list.data()), reason});
    });
    return expired;
  }
};

void show(Napi::Object object, const std::shared_ptr<clients>& self) {
  const auto on_client = [&](const char* name, void (worker::deadlines::*act)(client_deadlines&)) {
    method(object, name, [self, act](std::size_t client) { (self->deadlines.*act)(self->list.at(client)); });
  };
  on_client("begin", &worker::deadlines::begin);
  on_client("renew", &worker::deadlines::renew);
  on_client("expectNothing", &worker::deadlines::expect_nothing);
  on_client("suspend", &worker::deadlines::suspend);
  on_client("again", &worker::deadlines::again);
  on_client("cancel", &worker::deadlines::cancel);
  method(object, "expect", [self](std::size_t client, timeout_reason reason, std::uint32_t ms) {
    self->deadlines.expect(self->list.at(client), reason, ms);
  });
  method(object, "expectRequest",
         [self](std::size_t client, std::uint32_t ms) { self->deadlines.expect_request(self->list.at(client), ms); });
  method(object, "putOff", [self](std::size_t client, timeout_reason reason, std::uint32_t ms) {
    self->deadlines.put_off(self->list.at(client), reason, ms);
  });
  method(object, "turn", [self] { return self->turn(); });
  method(object, "arm", [self] { self->deadlines.arm(); });
  method(object, "stopClock", [self] { self->clock.stop(); });
  method(object, "startClock", [self] { self->clock.go_on(); });
}

std::shared_ptr<clients> make(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<clients>();
  made->config.idle_ms = js<std::uint32_t>::from(info[0]);
  made->config.first_byte_ms = js<std::uint32_t>::from(info[1]);
  made->config.max_age_ms = js<std::uint32_t>::from(info[2]);
  return made;
}

}  // namespace

void show_deadlines(Napi::Object exports) { constructor(exports, "Deadlines", make, show); }

}  // namespace procpool::testing
