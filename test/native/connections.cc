#include "bind.h"
#include "worker/connections/connection_table.h"
#include "worker/connections/drain.h"

namespace procpool::testing {

using worker::connection;
using worker::connection_table;

// As many descriptors as a test opens.
constexpr std::size_t slots = 70'001;

/// A connection table with memory of its own, of which only what is touched is there.
struct table {
  static constexpr std::size_t bytes = slots * connection_table<connection>::slot_bytes;
  void* memory = nullptr;
  sys::result mapped = sys::check("mmap", sys::map_memory(bytes, memory));
  connection_table<connection> connections{std::span(static_cast<std::byte*>(memory), bytes)};

  table() = default;
  ~table() { sys::unmap(memory, bytes); }
  table(const table&) = delete;
  table& operator=(const table&) = delete;
};

namespace {

ipc::peer_address peer_with(std::uint16_t port) {
  ipc::peer_address peer{};
  peer.port = port;
  return peer;
}

void show_table(Napi::Object object, const std::shared_ptr<table>& self) {
  method(object, "open", [self](int fd, std::uint16_t port) { self->connections.open(fd, peer_with(port)); });
  method(object, "generationOf", [self](int fd) { return self->connections.find(fd)->generation.value(); });
  method(object, "containsGeneration", [self](std::uint32_t fd, std::uint32_t generation) {
    return self->connections.find(fd, event::generation(generation)) != nullptr;
  });
  method(object, "close", [self](int fd) { self->connections.close(*self->connections.find(fd)); });
  method(object, "receive", [self](int fd, std::uint64_t bytes) { self->connections.find(fd)->received += bytes; });
  method(object, "contains", [self](int fd) { return self->connections.find(fd) != nullptr; });
  method(object, "portOf", [self](int fd) { return self->connections.find(fd)->peer.port; });
  method(object, "receivedBy", [self](int fd) { return self->connections.find(fd)->received; });
  method(object, "visit", [self] {
    std::vector<int> visited;
    self->connections.for_each([&visited](const connection& client) { visited.push_back(client.fd); });
    return visited;
  });
  method(object, "closeAll", [self] {
    std::vector<int> visited;
    self->connections.for_each([&](connection& client) {
      visited.push_back(client.fd);
      self->connections.close(client);
    });
    return visited;
  });
  property(object, "count", [self] { return self->connections.count(); });
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
      exports, "ConnectionTable", [](const auto&) { return std::make_shared<table>(); }, show_table);
  constructor(
      exports, "DrainingConnection", [](const auto&) { return std::make_shared<connection>(); }, show_draining);
  Napi::Object drain = Napi::Object::New(exports.Env());
  drain.Set("silentPauseMs", js<std::uint64_t>::to(exports.Env(), worker::drain::silent_pause_ms));
  drain.Set("sendingPauseMs", js<std::uint64_t>::to(exports.Env(), worker::drain::sending_pause_ms));
  drain.Set("limitMs", js<std::uint64_t>::to(exports.Env(), worker::drain::limit_ms));
  exports.Set("drain", drain);
}

}  // namespace procpool::testing
