#pragma once

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sys/sys_error.h"

/// Shows native objects to the tests: every method by a lambda, every value by js<T>.
namespace procpool::testing {

/// How a T is passed between the two languages.
template <typename T>
struct js;

template <typename T>
requires std::is_arithmetic_v<T>
struct js<T> {
  static Napi::Value to(Napi::Env env, T value) {
    if constexpr (std::is_same_v<T, bool>) return Napi::Boolean::New(env, value);
    return Napi::Number::New(env, static_cast<double>(value));
  }
  static T from(const Napi::Value& value) {
    if constexpr (std::is_same_v<T, bool>)
      return value.As<Napi::Boolean>();
    else
      return static_cast<T>(value.As<Napi::Number>().Int64Value());
  }
};

template <>
struct js<std::string> {
  static Napi::Value to(Napi::Env env, const std::string& value) { return Napi::String::New(env, value); }
  static std::string from(const Napi::Value& value) { return value.As<Napi::String>(); }
};

/// An enumeration's names, in its order.
template <typename Enum>
constexpr std::array<const char*, 0> names{};

template <typename T>
requires std::is_enum_v<T>
struct js<T> {
  static Napi::Value to(Napi::Env env, T value) {
    return Napi::String::New(env, names<T>.at(static_cast<std::size_t>(value)));
  }
  static T from(const Napi::Value& value) {
    const std::string name = value.As<Napi::String>();
    std::size_t index = 0;
    while (names<T>.at(index) != name) ++index;
    return static_cast<T>(index);
  }
};

template <typename T>
struct js<std::optional<T>> {
  static Napi::Value to(Napi::Env env, const std::optional<T>& value) {
    return value ? js<T>::to(env, *value) : env.Undefined();
  }
};

template <typename T>
struct js<std::vector<T>> {
  static Napi::Value to(Napi::Env env, const std::vector<T>& values) {
    Napi::Array array = Napi::Array::New(env, values.size());
    for (std::uint32_t index = 0; index < values.size(); ++index) array.Set(index, js<T>::to(env, values[index]));
    return array;
  }
  static std::vector<T> from(const Napi::Value& value) {
    const auto array = value.As<Napi::Array>();
    std::vector<T> values;
    for (std::uint32_t index = 0; index < array.Length(); ++index) values.push_back(js<T>::from(array.Get(index)));
    return values;
  }
};

template <>
struct js<std::span<const std::uint8_t>> {
  static std::span<const std::uint8_t> from(const Napi::Value& value) {
    const auto bytes = value.As<Napi::Uint8Array>();
    return {bytes.Data(), bytes.ByteLength()};
  }
};

template <typename Result, typename... Arguments>
Napi::Value call(const Napi::CallbackInfo& info, const std::function<Result(Arguments...)>& function) {
  const auto with = [&]<std::size_t... Index>(std::index_sequence<Index...>)->Napi::Value {
    if constexpr (std::is_void_v<Result>) {
      function(js<std::remove_cvref_t<Arguments>>::from(info[Index])...);
      return info.Env().Undefined();
    } else {
      return js<std::remove_cvref_t<Result>>::to(info.Env(),
                                                 function(js<std::remove_cvref_t<Arguments>>::from(info[Index])...));
    }
  };
  try {
    return with(std::index_sequence_for<Arguments...>{});
  } catch (const std::exception& failure) {
    throw Napi::Error::New(info.Env(), failure.what());
  }
}

template <typename Lambda>
void method(Napi::Object object, const char* name, Lambda lambda) {
  const std::function function{std::move(lambda)};
  object.Set(name, Napi::Function::New(object.Env(),
                                       [function](const Napi::CallbackInfo& info) { return call(info, function); }));
}

template <typename Lambda>
void property(Napi::Object object, const char* name, Lambda lambda) {
  const std::function function{std::move(lambda)};
  const auto get = [function](const Napi::CallbackInfo& info) { return call(info, function); };
  object.DefineProperty(Napi::PropertyDescriptor::Accessor(object.Env(), object, name, get, napi_enumerable));
}

/// A class whose constructor is make(info): the native object; show(object, it) gives it its methods.
template <typename Make, typename Show>
void constructor(Napi::Object exports, const char* name, Make make, Show show) {
  exports.Set(name, Napi::Function::New(exports.Env(), [make, show](const Napi::CallbackInfo& info) -> Napi::Value {
                Napi::Object object = Napi::Object::New(info.Env());
                try {
                  show(object, make(info));
                } catch (const sys::sys_error& failure) {
                  throw Napi::Error::New(info.Env(), failure.what());
                }
                return object;
              }));
}

void show_pool(Napi::Object exports);
void show_connections(Napi::Object exports);
void show_output(Napi::Object exports);
void show_pacer(Napi::Object exports);
void show_records(Napi::Object exports);
void show_cycle_check(Napi::Object exports);
void show_record_writer(Napi::Object exports);
void show_descriptors(Napi::Object exports);
void show_event_tag(Napi::Object exports);
void show_signals(Napi::Object exports);
void show_takeover(Napi::Object exports);
void show_timer_wheel(Napi::Object exports);
void show_http_parser(Napi::Object exports);

}  // namespace procpool::testing
