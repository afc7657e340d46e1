#include "bind.h"
#include "ipc/stats_page.h"
#include "supervisor/backoff.h"
#include "supervisor/dispatcher.h"
#include "supervisor/recycling.h"
#include "supervisor/reopening.h"
#include "supervisor/stop.h"
#include "supervisor/watchdog.h"
#include "supervisor/worker_table.h"

namespace procpool::testing {

using supervisor::dispatcher;
using supervisor::phase;
using supervisor::recycling;
using supervisor::reopening;
using supervisor::request;
using supervisor::restart_plan;
using supervisor::stop;
using supervisor::stop_requests;
using supervisor::surplus;
using supervisor::worker_entry;
using supervisor::worker_table;

template <>
constexpr std::array names<phase>{"empty", "waiting", "starting", "ready", "retiring"};

template <>
constexpr std::array names<request>{"first", "further", "duplicate"};

template <>
constexpr std::array names<stop::stage>{"running", "draining", "expiring", "killing"};

template <>
struct js<worker_entry> {
  static Napi::Value to(Napi::Env env, const worker_entry& entry) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("phase", js<phase>::to(env, entry.now));
    object.Set("pid", entry.pid);
    object.Set("startedMs", js<std::uint64_t>::to(env, entry.started_ms));
    object.Set("wakeMs", js<std::uint64_t>::to(env, entry.wake_ms));
    object.Set("youngDeaths", entry.young_deaths);
    object.Set("failedStarts", entry.failed_starts);
    return object;
  }
};

template <>
struct js<restart_plan> {
  static Napi::Value to(Napi::Env env, const restart_plan& after) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("replaced", after.replaced);
    object.Set("givenUp", after.given_up);
    object.Set("delayMs", js<std::uint64_t>::to(env, after.delay_ms));
    return object;
  }
};

template <>
struct js<surplus> {
  static Napi::Value to(Napi::Env env, const surplus& left) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("retiring", js<std::vector<int>>::to(env, left.retiring));
    object.Set("dropped", js<std::vector<int>>::to(env, left.dropped));
    return object;
  }
};

namespace {

void show_dispatcher(Napi::Object object, const std::shared_ptr<dispatcher>& self) {
  method(object, "add", [self](int worker) { self->add(worker); });
  method(object, "remove", [self](int worker) { self->remove(worker); });
  method(object, "next", [self](std::uint64_t now) { return self->next(now); });
  method(object, "reported", [self](int worker, std::uint64_t now) { self->reported(worker, now); });
  method(object, "inFlight", [self](std::uint64_t now) { return self->in_flight(now); });
  method(object, "nextOverdueMs", [self](std::uint64_t now) { return self->next_overdue_ms(now); });
}

void show_worker_table(Napi::Object object, const std::shared_ptr<worker_table>& self) {
  method(object, "resize", [self](std::size_t target, std::uint64_t now) { return self->resize(target, now); });
  method(object, "fallBack", [self](std::uint64_t now) { return self->fall_back(now); });
  method(object, "stop", [self] { self->stop(); });
  method(object, "recruit", [self](std::uint64_t now) { return self->recruit(now); });
  method(object, "due", [self](std::uint64_t now) { return self->due(now); });
  method(object, "nextWakeMs", [self] { return self->next_wake_ms(); });
  method(object, "started", [self](int slot, pid_t pid, std::uint64_t now) { self->started(slot, pid, now); });
  method(object, "ready", [self](int slot) { self->ready(slot); });
  method(object, "leaving", [self](int slot, std::uint64_t now) { return self->leaving(slot, now); });
  method(object, "startFailed", [self](int slot, std::uint64_t now) { return self->start_failed(slot, now); });
  method(object, "ended", [self](int slot, std::uint64_t now) { return self->ended(slot, now); });
  method(object, "at", [self](int slot) { return self->at(slot); });
  method(object, "slotOf", [self](pid_t pid) { return self->slot_of(pid); });
  method(object, "count", [self](phase which) { return self->count(which); });
  method(object, "alive", [self] { return self->alive(); });
  property(object, "target", [self] { return self->target(); });
  property(object, "previousTarget", [self] { return self->previous_target(); });
  property(object, "hopeless", [self] { return self->hopeless(); });
  property(object, "shortOfWorkers", [self] { return self->short_of_workers(); });
}

void show_stop_requests(Napi::Object object, const std::shared_ptr<stop_requests>& self) {
  method(object, "onSignal", [self](std::uint64_t now) { return self->on_signal(now); });
  method(object, "onHostSignal", [self](std::uint64_t now) { return self->on_host_signal(now); });
}

void show_stop(Napi::Object object, const std::shared_ptr<stop>& self) {
  method(object, "begin", [self](std::uint64_t now, std::uint64_t drain) { return self->begin(now, drain); });
  method(object, "expire", [self](std::uint64_t now) { return self->expire(now); });
  method(object, "extend", [self](std::uint64_t now) { self->extend(now); });
  method(object, "kill", [self](std::uint64_t now) { self->kill(now); });
  method(object, "isDue", [self](std::uint64_t now) { return self->is_due(now); });
  property(object, "stage", [self] { return self->now(); });
  property(object, "endsMs", [self] { return self->ends_ms(); });
}

void show_recycling(Napi::Object object, const std::shared_ptr<recycling>& self) {
  method(object, "began", [self](int slot, std::uint64_t now) { self->began(slot, now); });
  method(object, "ended", [self](int slot) { self->ended(slot); });
  method(object, "begin",
         [self](std::uint32_t order, const std::vector<int>& workers) { self->begin(order, workers); });
  method(object, "next", [self](std::uint64_t now) { return self->next(now); });
  method(object, "nextWakeMs", [self] { return self->next_wake_ms(); });
  method(object, "finished", [self] { return self->finished(); });
}

void show_watchdog(Napi::Object object, const std::shared_ptr<supervisor::watchdog>& self) {
  method(object, "begin", [self](int slot, std::uint64_t now) { self->begin(slot, now); });
  method(object, "end", [self](int slot) { self->end(slot); });
  method(object, "stopped", [self](int slot, std::uint64_t now) { self->stopped(slot, now); });
  method(object, "continued", [self](int slot, std::uint64_t now) { self->continued(slot, now); });
  method(object, "onTime", [self](std::uint64_t now) { self->on_time(now); });
  method(object, "hangs", [self](int slot, std::uint64_t rounds, bool waiting, bool holds_up, std::uint64_t now) {
    return self->hangs(slot, {rounds, waiting, holds_up}, now);
  });
  method(object, "nextWakeMs", [self] { return self->next_wake_ms(); });
}

void show_reopening(Napi::Object object, const std::shared_ptr<reopening>& self) {
  method(object, "begin",
         [self](std::uint32_t order, const std::vector<int>& workers) { self->begin(order, workers); });
  method(object, "next", [self](std::uint64_t now) { return self->next(now); });
  method(object, "nextWakeMs", [self] { return self->next_wake_ms(); });
  method(object, "told", [self](int slot) { self->told(slot); });
  method(object, "postpone", [self](int slot, std::uint64_t until) { self->postpone(slot, until); });
  method(object, "switched", [self](int slot) { self->switched(slot); });
  method(object, "ended", [self](int slot) { self->ended(slot); });
  method(object, "finished", [self] { return self->finished(); });
}

Napi::Object backoff_of(Napi::Env env) {
  using namespace supervisor::backoff;
  Napi::Object object = Napi::Object::New(env);
  object.Set("youngMs", js<std::uint64_t>::to(env, young_ms));
  object.Set("giveUpAfter", give_up_after);
  object.Set("firstDelayMs", js<std::uint64_t>::to(env, first_delay_ms));
  object.Set("maxDelayMs", js<std::uint64_t>::to(env, max_delay_ms));
  method(object, "delayMs", [](std::uint32_t deaths) { return delay_ms(deaths); });
  return object;
}

}  // namespace

void show_pool(Napi::Object exports) {
  constructor(
      exports, "Dispatcher", [](const auto&) { return std::make_shared<dispatcher>(); }, show_dispatcher);
  constructor(
      exports, "WorkerTable", [](const auto&) { return std::make_shared<worker_table>(ipc::max_workers); },
      show_worker_table);
  constructor(
      exports, "StopRequests", [](const auto&) { return std::make_shared<stop_requests>(); }, show_stop_requests);
  constructor(
      exports, "Stop", [](const auto&) { return std::make_shared<stop>(); }, show_stop);
  exports.Set("sameRequestMs", js<std::uint64_t>::to(exports.Env(), stop_requests::same_ms));
  exports.Set("stopPatienceMs", js<std::uint64_t>::to(exports.Env(), stop::patience_ms));
  constructor(
      exports, "Reopening",
      [](const Napi::CallbackInfo& info) { return std::make_shared<reopening>(js<std::size_t>::from(info[0])); },
      show_reopening);
  exports.Set("patienceMs", js<std::uint64_t>::to(exports.Env(), dispatcher::patience_ms));
  exports.Set("maxTokens", dispatcher::max_tokens);
  exports.Set("maxWorkers", ipc::max_workers);
  exports.Set("backoff", backoff_of(exports.Env()));
  constructor(
      exports, "Recycling",
      [](const Napi::CallbackInfo& info) {
        return std::make_shared<recycling>(js<std::size_t>::from(info[0]), js<std::uint64_t>::from(info[1]));
      },
      show_recycling);
  constructor(
      exports, "Watchdog",
      [](const Napi::CallbackInfo& info) {
        return std::make_shared<supervisor::watchdog>(js<std::size_t>::from(info[0]), js<std::uint64_t>::from(info[1]));
      },
      show_watchdog);
}

}  // namespace procpool::testing
