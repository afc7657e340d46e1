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
  object.Set("peer", text_of(record.peer));
  object.Set("error", record.error == 0 ? "" : uv_err_name(-record.error));
  object.Set("errorText", record.error == 0 ? "" : uv_strerror(-record.error));
  object.Set("call", std::string(record.call, strnlen(record.call, sizeof record.call)));
  object.Set("why", std::string(record.why, strnlen(record.why, sizeof record.why)));
  return object;
}

}  // namespace procpool::addon
