#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <vector>

namespace procpool::addon {

/// The functions of an object in JavaScript that the event loop's callbacks in C call. Host.
class callbacks {
 public:
  using arguments = std::vector<napi_value>;

  explicit callbacks(const Napi::Object& functions);

  /// Throws nothing. What the function throws is the app's: an uncaught exception, as from any event.
  void call(const char* name, const std::function<arguments(Napi::Env)>& make_arguments);

  /// Calls nothing any more: a thread of the app's that is being terminated can make no JavaScript value.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// Lets go of the object.
  void reset() { functions_.Reset(); }

 private:
  Napi::ObjectReference functions_;
  std::unique_ptr<Napi::AsyncContext> context_;
  bool stopped_ = false;
};

}  // namespace procpool::addon
