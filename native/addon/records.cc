#include "addon/records.h"

#include <arpa/inet.h>
#include <uv.h>

#include <string>

namespace procpool::addon {
namespace {

std::string text_of(const ipc::peer_address& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.family == 0 || uv_inet_ntop(peer.family, peer.bytes, text, sizeof text) != 0) return "";
  std::string host = text;
  if (peer.scope != 0) host.append("%").append(std::to_string(peer.scope));
  if (peer.family == AF_INET6) host.insert(0, 1, '[').push_back(']');
  return host.append(":").append(std::to_string(peer.port));
}

// Not by uv_err_name(), which never frees what it says of a number that it does not know.
std::string error_text(int error, char* (*text_of_error)(int, char*, std::size_t)) {
  char text[80] = "";
  return error == 0 ? "" : text_of_error(-error, text, sizeof text);
}

}  // namespace

Napi::Object to_js(Napi::Env env, const ipc::log_record& record) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("time", static_cast<double>(record.time_ns) / 1e6);
  object.Set("level", ipc::name_of(record.level));
  object.Set("event", ipc::name_of(record.event));
  object.Set("worker", record.worker);
  object.Set("pid", record.pid);
  object.Set("value", record.value);
  object.Set("count", static_cast<double>(record.count));
  object.Set("duration", static_cast<double>(record.duration_ns) / 1e6);
  object.Set("peer", text_of(record.peer));
  object.Set("error", error_text(record.error, uv_err_name_r));
  object.Set("errorText", error_text(record.error, uv_strerror_r));
  object.Set("call", record.call);
  object.Set("why", record.why);
  return object;
}

}  // namespace procpool::addon
