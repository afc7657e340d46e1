#include <fcntl.h>
#include <napi.h>

#include "addon/errors.h"
#include "addon/supervisor_handle.h"
#include "sys/sys_error.h"

/// The binding that lib/native.ts declares. Loaded once per thread of the host's that uses it; holds
/// no state outside its objects.
namespace procpool::addon {
namespace {

Napi::Value is_writable(const Napi::CallbackInfo& info) {
  const sys::result flags = sys::status_flags(info[0].As<Napi::Number>().Int32Value());
  return Napi::Boolean::New(info.Env(), flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && (flags & O_PATH) == 0);
}

/// Of a socket, what it carries; empty for what is none.
Napi::Value socket_kind(const Napi::CallbackInfo& info) {
  int type = 0;
  const int fd = info[0].As<Napi::Number>().Int32Value();
  if (sys::option(fd, SOL_SOCKET, SO_TYPE, &type, sizeof type) < 0) return Napi::String::New(info.Env(), "");
  const char* kind = type == SOCK_STREAM ? "stream" : type == SOCK_SEQPACKET ? "seqpacket" : "datagram";
  return Napi::String::New(info.Env(), kind);
}

Napi::Value make_pipe(const Napi::CallbackInfo& info) {
  int ends[2];
  try {
    sys::check("pipe2", sys::pipe(ends, sys::blocking::yes));
  } catch (const sys::sys_error& failure) {
    throw to_js(info.Env(), failure);
  }
  Napi::Array result = Napi::Array::New(info.Env());
  result.Set(0U, ends[0]);
  result.Set(1U, ends[1]);
  return result;
}

void close_descriptor(const Napi::CallbackInfo& info) { sys::close(info[0].As<Napi::Number>().Int32Value()); }

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  supervisor_handle::define(env, exports);
  exports.Set("isWritable", Napi::Function::New(env, is_writable));
  exports.Set("socketKind", Napi::Function::New(env, socket_kind));
  exports.Set("close", Napi::Function::New(env, close_descriptor));
  exports.Set("pipe", Napi::Function::New(env, make_pipe));
  return exports;
}

NODE_API_MODULE(procpool, initialize)

}  // namespace
}  // namespace procpool::addon
