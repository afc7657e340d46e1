#include <memory>
#include <random>

#include "bind.h"
#include "event/timer_wheel.h"

namespace procpool::testing {

using event::tick;
using event::timer;
using event::timer_wheel;

/// All 64 bits of a tick, as a bigint.
struct exact {
  tick value;
};

template <>
struct js<exact> {
  static Napi::Value to(Napi::Env env, exact time) { return Napi::BigInt::New(env, time.value); }
  static exact from(const Napi::Value& value) {
    bool lossless = false;
    return {value.As<Napi::BigInt>().Uint64Value(&lossless)};
  }
};

template <>
struct js<Napi::Function> {
  static Napi::Function from(const Napi::Value& value) { return value.As<Napi::Function>(); }
};

namespace {

/// A wheel and timers for it, which are called by their index.
struct timers {
  timers(tick now, std::size_t count) : wheel(now), all(std::make_unique<timer[]>(count)), size(count) {}

  [[nodiscard]] std::size_t index_of(const timer& entry) const { return static_cast<std::size_t>(&entry - all.get()); }

  timer_wheel wheel;
  std::unique_ptr<timer[]> all;
  std::size_t size;
};

std::shared_ptr<timers> make_timers(const Napi::CallbackInfo& info) {
  return std::make_shared<timers>(js<exact>::from(info[1]).value, js<std::size_t>::from(info[0]));
}

/// Sets all, renews all, cancels every third, and lets the time go on until the others have expired.
/// Returns what went wrong.
std::string churn(timers& of, std::uint32_t seed) {
  timer_wheel& wheel = of.wheel;
  std::mt19937 random(seed);
  std::uniform_int_distribution<tick> timeout(1, 100'000);
  for (std::size_t index = 0; index < of.size; ++index) wheel.set(of.all[index], wheel.now() + timeout(random));
  if (wheel.count() != of.size || !wheel.consistent()) return "inconsistent after adding";
  for (std::size_t index = 0; index < of.size; ++index) wheel.set(of.all[index], wheel.now() + timeout(random));
  if (wheel.count() != of.size || !wheel.consistent()) return "inconsistent after renewing";
  for (std::size_t index = 0; index < of.size; index += 3) wheel.cancel(of.all[index]);
  if (!wheel.consistent()) return "inconsistent after cancelling";

  std::size_t left = of.size - (of.size + 2) / 3;
  for (tick last = wheel.now(); left > 0; last = wheel.now()) {
    if (wheel.count() != left || !wheel.next()) return "a timer is lost";
    const tick now = std::max(*wheel.next(), last + timeout(random) / 100);
    bool early = false;
    wheel.advance(now, [&](const timer& entry) {
      early = early || entry.expires() <= last || entry.expires() > now || of.index_of(entry) % 3 == 0;
      --left;
    });
    if (early) return "a timer expires at a wrong time";
  }
  return wheel.next() || !wheel.consistent() ? "inconsistent at the end" : "";
}

void show_wheel(Napi::Object object, const std::shared_ptr<timers>& self) {
  method(object, "set", [self](std::size_t index, exact expires) { self->wheel.set(self->all[index], expires.value); });
  method(object, "cancel", [self](std::size_t index) { self->wheel.cancel(self->all[index]); });
  method(object, "pending", [self](std::size_t index) { return self->all[index].pending(); });
  method(object, "expires", [self](std::size_t index) { return exact{self->all[index].expires()}; });
  method(object, "next", [self] {
    const auto next = self->wheel.next();
    return next ? std::optional(exact{*next}) : std::nullopt;
  });
  method(object, "advance", [self](exact now, Napi::Function expire) {
    self->wheel.advance(now.value, [&](const timer& entry) {
      expire.Call({Napi::Number::New(expire.Env(), static_cast<double>(self->index_of(entry)))});
    });
  });
  method(object, "consistent", [self] { return self->wheel.consistent(); });
  method(object, "churn", [self](std::uint32_t seed) { return churn(*self, seed); });
  method(object, "destroy", [self](std::size_t index) {
    std::destroy_at(&self->all[index]);
    std::construct_at(&self->all[index]);
  });
  property(object, "count", [self] { return self->wheel.count(); });
  property(object, "now", [self] { return exact{self->wheel.now()}; });
}

}  // namespace

void show_timer_wheel(Napi::Object exports) {
  constructor(exports, "TimerWheel", make_timers, show_wheel);
  exports.Set("never", js<exact>::to(exports.Env(), {timer_wheel::never}));
}

}  // namespace procpool::testing
