#include "bind.h"
#include "worker/connection.h"
#include "worker/drain.h"

namespace procpool::testing {

using worker::connection;
using worker::connection_table;

namespace {

ipc::peer_address peer_with(std::uint16_t port) {
  ipc::peer_address peer{};
  peer.port = port;
  return peer;
}

void show_table(Napi::Object object, const std::shared_ptr<connection_table>& self) {
  method(object, "open", [self](int fd, std::uint16_t port) { self->open(fd, peer_with(port)); });
  method(object, "close", [self](int fd) { self->close(fd); });
  method(object, "receive", [self](int fd, std::uint64_t bytes) { self->at(fd).received += bytes; });
  method(object, "contains", [self](int fd) { return self->contains(fd); });
  method(object, "portOf", [self](int fd) { return self->at(fd).peer.port; });
  method(object, "receivedBy", [self](int fd) { return self->at(fd).received; });
  method(object, "visit", [self] {
    std::vector<int> visited;
    self->for_each([&visited](int fd, const connection&) { visited.push_back(fd); });
    return visited;
  });
  method(object, "closeAll", [self] {
    std::vector<int> visited;
    self->for_each([&](int fd, const connection&) {
      visited.push_back(fd);
      self->close(fd);
    });
    return visited;
  });
  property(object, "count", [self] { return self->count(); });
}

void show_draining(Napi::Object object, const std::shared_ptr<connection>& self) {
  method(object, "receive", [self](std::uint64_t bytes) { self->received += bytes; });
  method(object, "begin",
         [self](std::uint64_t arrived, std::uint64_t now) { worker::drain::begin(*self, arrived, now); });
  method(object, "received", [self](std::uint64_t now) { worker::drain::received(*self, now); });
  method(object, "complete", [self](std::uint64_t now) { return worker::drain::complete(*self, now); });
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
