#include "worker/output/record_writer.h"

#include "bind.h"
#include "worker/http/reply.h"

namespace procpool::testing {

using ipc::write_lock;
using worker::record_writer;

template <>
constexpr std::array names<worker::sharing>{"bytes", "records"};

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

/// A worker's: memory of its own, and a lock of those that are given.
struct writing_worker {
  std::unique_ptr<worker::output_memory> memory = std::make_unique<worker::output_memory>();
  ipc::worker_slot stats;
  worker::output out;
  worker::worker_log log;
  record_writer writer;

  writing_worker(int fd, const write_lock& lock, worker::sharing how)
      : out(fd, *memory, stats),
        log(ipc::channel(), ipc::log_level::error, 0, stats.log_dropped),
        writer(out, *memory, lock, how, log, stats) {}
  ~writing_worker() {
    for (const std::uint64_t end : {memory->pipe_in, memory->pipe_out}) {
      if (end != 0) sys::close(static_cast<int>(end) - 1);
    }
  }
  writing_worker(const writing_worker&) = delete;
  writing_worker& operator=(const writing_worker&) = delete;
};

struct writing_workers {
  shared_lock shared;
  std::vector<std::unique_ptr<writing_worker>> all;
};

void show_writers(Napi::Object object, const std::shared_ptr<writing_workers>& self) {
  method(object, "add", [self](std::size_t worker, std::span<const std::uint8_t> data) {
    self->all.at(worker)->writer.add({reinterpret_cast<const char*>(data.data()), data.size()});
  });
  method(object, "open", [self](std::size_t worker) { self->all.at(worker)->memory->open = true; });
  method(object, "end", [self](std::size_t worker) { self->all.at(worker)->memory->open = false; });
  method(object, "flush", [self](std::size_t worker) { return self->all.at(worker)->writer.flush(); });
  method(object, "die", [self](std::size_t worker) {
    self->all.at(worker).reset();
    write_lock::release_dead(self->shared.state, self->shared.wakeup_fd.get(), static_cast<int>(worker));
  });
  method(object, "hurry", [self](std::size_t worker) { self->all.at(worker)->writer.hurry(); });
  method(object, "broken", [self](std::size_t worker) { return self->all.at(worker)->writer.broken(); });
  method(object, "stalled",
         [self](std::size_t worker) { return self->all.at(worker)->stats.stalled_since_ns.get() != 0; });
  method(object, "mended", [self](std::size_t worker) { return self->all.at(worker)->writer.mended(); });
  method(object, "takeBack",
         [self](std::size_t worker, std::uint64_t end_offset) { self->all.at(worker)->writer.take_back(end_offset); });
  method(object, "committed", [self](std::size_t worker) { return self->all.at(worker)->writer.committed(); });
  method(object, "takesRecords", [self](std::size_t worker) { return self->all.at(worker)->writer.takes_records(); });
  method(object, "pending", [self](std::size_t worker) { return self->all.at(worker)->writer.pending(); });
  method(object, "delivered", [self](std::size_t worker) { return self->all.at(worker)->writer.delivered(); });
  method(object, "blockedNs", [self](std::size_t worker) { return self->all.at(worker)->writer.blocked_ns(); });
  method(object, "counted", [self](std::size_t worker) { return self->all.at(worker)->stats.bytes_out.get(); });
  method(object, "waitsForLock", [self](std::size_t worker) {
    return self->all.at(worker)->writer.waits_for().fd == self->shared.wakeup_fd.get();
  });
  method(object, "close", [self] { self->all.clear(); });
}

std::shared_ptr<writing_workers> make_writers(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<writing_workers>();
  const auto how = js<worker::sharing>::from(info[2]);
  for (int worker = 0; worker < js<int>::from(info[1]); ++worker) {
    const write_lock lock(made->shared.state, made->shared.wakeup_fd.get(), worker);
    made->all.push_back(std::make_unique<writing_worker>(js<int>::from(info[0]), lock, how));
  }
  return made;
}

}  // namespace

void show_record_writer(Napi::Object exports) {
  constructor(exports, "WriteLocks", make_locks, show_locks);
  constructor(exports, "RecordWriters", make_writers, show_writers);
  method(exports, "httpReply", [](int status, double seconds) {
    std::string text;
    static worker::http::date_field date;  // as a worker has one for all its answers
    worker::http::write(text, {.status = status}, date.at(static_cast<std::time_t>(seconds)));
    return text;
  });
}

}  // namespace procpool::testing
