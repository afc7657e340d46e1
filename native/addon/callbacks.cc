#include "addon/callbacks.h"

#include <exception>

namespace procpool::addon {

callbacks::callbacks(const Napi::Object& functions)
    : functions_(Napi::Persistent(functions)),
      context_(std::make_unique<Napi::AsyncContext>(functions.Env(), "procpool-native")) {}

void callbacks::call(const char* name, const std::function<arguments(Napi::Env)>& make_arguments) {
  if (stopped_) return;
  const Napi::Env env = functions_.Env();
  try {
    const Napi::HandleScope scope(env);
    functions_.Get(name).As<Napi::Function>().MakeCallback(functions_.Value(), make_arguments(env), *context_);
  } catch (const Napi::Error& error) {
    const Napi::HandleScope scope(env);
    napi_fatal_exception(env, error.Value());
  } catch (const std::exception& failure) {
    const Napi::HandleScope scope(env);
    napi_fatal_exception(env, Napi::Error::New(env, failure.what()).Value());
  }
}

}  // namespace procpool::addon
