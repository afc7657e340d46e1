#include "worker/output/delivery.h"

#include "bind.h"
#include "worker/http/reply.h"

namespace procpool::testing {

using ipc::write_lock;
using worker::delivery;

namespace {

/// What the workers of a pool share for it.
struct shared_lock {
  ipc::write_lock_state state;
  sys::unique_fd wakeup_fd = write_lock::create_wakeup();

  [[nodiscard]] bool wakes() const {
    std::array<pollfd, 1> waiting{{{wakeup_fd.get(), POLLIN, 0}}};
    return sys::poll(waiting, 0) == 1;
  }
};

/// As many locks as asked for on one state, one per worker.
struct locks {
  shared_lock shared;
  std::vector<write_lock> all;
};

void show_locks(Napi::Object object, const std::shared_ptr<locks>& self) {
  method(object, "tryLock", [self](std::size_t worker) { return self->all.at(worker).try_lock(); });
  method(object, "unlock", [self](std::size_t worker) { self->all.at(worker).unlock(); });
  method(object, "clearWakeup", [self](std::size_t worker) { self->all.at(worker).clear_wakeup(); });
  method(object, "contended", [self](std::size_t worker) { return self->all.at(worker).contended(); });
  method(object, "die", [self](int worker) {
    write_lock::release_dead(self->shared.state, self->shared.wakeup_fd.get(), worker);
    write_lock& lock = self->all.at(static_cast<std::size_t>(worker));
    std::destroy_at(&lock);
    std::construct_at(&lock, self->shared.state, self->shared.wakeup_fd.get(), worker);
  });
  property(object, "wakes", [self] { return self->shared.wakes(); });
}

std::shared_ptr<locks> make_locks(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<locks>();
  for (int worker = 0; worker < js<int>::from(info[0]); ++worker) {
    made->all.emplace_back(made->shared.state, made->shared.wakeup_fd.get(), worker);
  }
  return made;
}

/// A worker's: its own stage, and a lock of those that are given.
struct deliverer {
  worker::output out;
  ipc::worker_slot stats;
  delivery one;

  deliverer(int fd, const write_lock& lock) : out(fd), one(out, lock, stats) {}
};

struct deliverers {
  shared_lock shared;
  std::vector<std::unique_ptr<deliverer>> all;
};

void show_deliverers(Napi::Object object, const std::shared_ptr<deliverers>& self) {
  method(object, "add", [self](std::size_t worker, std::span<const std::uint8_t> data) {
    self->all.at(worker)->one.add({reinterpret_cast<const char*>(data.data()), data.size()});
  });
  method(object, "open", [self](std::size_t worker) { self->all.at(worker)->one.open(); });
  method(object, "end", [self](std::size_t worker) { self->all.at(worker)->one.close(); });
  method(object, "flush", [self](std::size_t worker) { return self->all.at(worker)->one.flush(); });
  method(object, "die", [self](std::size_t worker) {
    self->all.at(worker).reset();
    write_lock::release_dead(self->shared.state, self->shared.wakeup_fd.get(), static_cast<int>(worker));
  });
  method(object, "mended", [self](std::size_t worker) { return self->all.at(worker)->one.mended(); });
  method(object, "takeBack",
         [self](std::size_t worker, std::uint64_t mark) { self->all.at(worker)->one.take_back(mark); });
  method(object, "committed", [self](std::size_t worker) { return self->all.at(worker)->one.committed(); });
  method(object, "flows", [self](std::size_t worker) { return self->all.at(worker)->one.flows(); });
  method(object, "pending", [self](std::size_t worker) { return self->all.at(worker)->one.pending(); });
  method(object, "delivered", [self](std::size_t worker) { return self->all.at(worker)->one.delivered(); });
  method(object, "blockedNs", [self](std::size_t worker) { return self->all.at(worker)->one.blocked_ns(); });
  method(object, "counted", [self](std::size_t worker) { return self->all.at(worker)->stats.bytes_out.get(); });
  method(object, "waitsForLock", [self](std::size_t worker) {
    return self->all.at(worker)->one.waits_for().fd == self->shared.wakeup_fd.get();
  });
  method(object, "close", [self] { self->all.clear(); });
}

std::shared_ptr<deliverers> make_deliverers(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<deliverers>();
  for (int worker = 0; worker < js<int>::from(info[1]); ++worker) {
    const write_lock lock(made->shared.state, made->shared.wakeup_fd.get(), worker);
    made->all.push_back(std::make_unique<deliverer>(js<int>::from(info[0]), lock));
  }
  return made;
}

}  // namespace

void show_delivery(Napi::Object exports) {
  constructor(exports, "WriteLocks", make_locks, show_locks);
  constructor(exports, "Deliverers", make_deliverers, show_deliverers);
  method(exports, "httpReply", [](int status, double seconds) {
    std::string text;
    static worker::http::date_field date;  // as a worker has one for all its answers
    worker::http::write(text, {.status = status}, date.at(static_cast<std::time_t>(seconds)));
    return text;
  });
}

}  // namespace procpool::testing
