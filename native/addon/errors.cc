#include "addon/errors.h"

#include <uv.h>

namespace procpool::addon {

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

}  // namespace procpool::addon
