#include "addon/errors.h"

#include <uv.h>

namespace procpool::addon {
namespace {

std::string subject_of(const endpoint& where) {
  if (!where.path.empty()) return where.path;
  return (where.host.empty() ? "::" : where.host) + ":" + std::to_string(where.port);
}

}  // namespace

Napi::Error to_js(Napi::Env env, const sys::sys_error& failure, const std::string& subject) {
  const char* code = uv_err_name(-failure.number());
  std::string message = std::string(failure.call()) + " " + code + ": " + uv_strerror(-failure.number());
  if (!subject.empty()) message += " " + subject;
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, -failure.number()));
  error.Set("syscall", Napi::String::New(env, failure.call()));
  return error;
}

Napi::Error listen_error(Napi::Env env, const sys::sys_error& failure, const endpoint& where) {
  Napi::Error error = to_js(env, failure, subject_of(where));
  const bool unix_socket = !where.path.empty();
  const std::string host = where.host.empty() ? "::" : where.host;
  error.Set("address", Napi::String::New(env, unix_socket ? where.path : host));
  if (!unix_socket) error.Set("port", Napi::Number::New(env, where.port));
  return error;
}

}  // namespace procpool::addon
