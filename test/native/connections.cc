#include "bind.h"
#include "worker/connections/connection_table.h"
#include "worker/connections/drain.h"

namespace procpool::testing {

using worker::connection;
using connection_table = worker::connection_table<connection>;

namespace {

ipc::peer_address peer_with(std::uint16_t port) {
  ipc::peer_address peer{};
  peer.port = port;
  return peer;
}

void show_table(Napi::Object object, const std::shared_ptr<connection_table>& self) {
  method(object, "open", [self](int fd, std::uint16_t port) { self->open(fd, peer_with(port)); });
  method(object, "close", [self](int fd) { self->close(*self->find(fd)); });
  method(object, "receive", [self](int fd, std::uint64_t bytes) { self->find(fd)->received += bytes; });
  method(object, "contains", [self](int fd) { return self->find(fd) != nullptr; });
  method(object, "portOf", [self](int fd) { return self->find(fd)->peer.port; });
  method(object, "receivedBy", [self](int fd) { return self->find(fd)->received; });
  method(object, "visit", [self] {
    std::vector<int> visited;
    self->for_each([&visited](const connection& one) { visited.push_back(one.fd); });
    return visited;
  });
  method(object, "closeAll", [self] {
    std::vector<int> visited;
    self->for_each([&](connection& one) {
      visited.push_back(one.fd);
      self->close(one);
    });
    return visited;
  });
  property(object, "count", [self] { return self->count(); });
}

void show_draining(Napi::Object object, const std::shared_ptr<connection>& self) {
  method(object, "receive", [self](std::uint64_t bytes) { self->received += bytes; });
  method(object, "begin", [self](std::uint64_t arrived, std::uint64_t now) {
    worker::drain::begin(*self, arrived, {now, now});
  });
  method(object, "beginGrace", [self](std::uint64_t now) { worker::drain::begin_grace(*self, {now, now}); });
  method(object, "received", [self](std::uint64_t clients, std::uint64_t real) {
    return worker::drain::received(*self, {clients, real});
  });
  method(object, "complete", [self](std::uint64_t clients, std::uint64_t real) {
    return worker::drain::complete(*self, {clients, real});
  });
  method(object, "cutOff", [self](std::uint64_t now) { return worker::drain::cut_off(*self, {now, now}); });
  method(object, "owedOf", [self](std::uint64_t waiting) { return worker::drain::owed_of(*self, waiting); });
}

}  // namespace

void show_connections(Napi::Object exports) {
  constructor(
      exports, "ConnectionTable", [](const auto&) { return std::make_shared<connection_table>(); }, show_table);
  constructor(
      exports, "DrainingConnection", [](const auto&) { return std::make_shared<connection>(); }, show_draining);
  Napi::Object drain = Napi::Object::New(exports.Env());
  drain.Set("silentPauseMs", js<std::uint64_t>::to(exports.Env(), worker::drain::silent_pause_ms));
  drain.Set("sendingPauseMs", js<std::uint64_t>::to(exports.Env(), worker::drain::sending_pause_ms));
  drain.Set("limitMs", js<std::uint64_t>::to(exports.Env(), worker::drain::limit_ms));
  exports.Set("drain", drain);
}

}  // namespace procpool::testing
