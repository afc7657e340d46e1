#include "fake/binding.h"

#include "fake/kernel.h"

namespace procpool::testing {

template <>
struct js<recorded_call> {
  static Napi::Value to(Napi::Env env, const recorded_call& call) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", call.name);
    object.Set("arguments", js<std::vector<std::int64_t>>::to(env, call.arguments));
    object.Set("data", Napi::Buffer<std::uint8_t>::Copy(env, call.data.data(), call.data.size()));
    object.Set("result", js<long>::to(env, call.result));
    return object;
  }
};

namespace {

Napi::Object show_kernel(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  method(object, "reset", [] { kernel() = {}; });
  method(object, "script", [](const std::string& name, const std::vector<long>& results) {
    for (const long result : results) kernel().script(name, result);
  });
  method(object, "always", [](const std::string& name, long result) { kernel().always(name, result); });
  method(object, "forget", [](const std::string& name) { kernel().always(name, std::nullopt); });
  method(object, "deliver", [](int fd, std::span<const std::uint8_t> data, int descriptor) {
    kernel().deliver(fd, {{data.begin(), data.end()}, descriptor});
  });
  method(object, "pass", [](std::uint64_t ns) { kernel().now_ns += ns; });
  method(object, "takeCalls", [] { return kernel().take_calls(); });
  return object;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("kernel", show_kernel(env));
  show_control(exports);
  show_deadlines(exports);
  show_worker_channels(exports);
  return exports;
}

NODE_API_MODULE(procpool_faked, initialize)

}  // namespace
}  // namespace procpool::testing
