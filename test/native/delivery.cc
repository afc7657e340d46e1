#include "worker/output/delivery.h"

#include "bind.h"
#include "worker/http/reply.h"

namespace procpool::testing {

using ipc::output_turn;
using worker::delivery;

namespace {

/// What the workers of a pool share for it.
struct shared_turn {
  ipc::turn_word word;
  sys::unique_fd bell = output_turn::create_bell();

  [[nodiscard]] bool rings() const {
    std::array<pollfd, 1> waiting{{{bell.get(), POLLIN, 0}}};
    return sys::poll(waiting, 0) == 1;
  }
};

/// As many turns as asked for on one word, one per worker.
struct turns {
  shared_turn shared;
  std::vector<output_turn> all;
};

void show_turns(Napi::Object object, const std::shared_ptr<turns>& self) {
  method(object, "take", [self](std::size_t worker) { return self->all.at(worker).take(); });
  method(object, "giveBack", [self](std::size_t worker) { self->all.at(worker).give_back(); });
  method(object, "heard", [self](std::size_t worker) { self->all.at(worker).heard(); });
  method(object, "wanted", [self](std::size_t worker) { return self->all.at(worker).wanted(); });
  method(object, "die", [self](int worker) {
    output_turn::settle(self->shared.word, self->shared.bell.get(), worker);
    output_turn& place = self->all.at(static_cast<std::size_t>(worker));
    std::destroy_at(&place);
    std::construct_at(&place, self->shared.word, self->shared.bell.get(), worker);
  });
  property(object, "rings", [self] { return self->shared.rings(); });
}

std::shared_ptr<turns> make_turns(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<turns>();
  for (int worker = 0; worker < js<int>::from(info[0]); ++worker) {
    made->all.emplace_back(made->shared.word, made->shared.bell.get(), worker);
  }
  return made;
}

/// A worker's: its own stage, and a turn of those that are given.
struct deliverer {
  worker::output out;
  ipc::worker_slot stats;
  delivery one;

  deliverer(int fd, const output_turn& turn) : out(fd), one(out, turn, stats) {}
};

struct deliverers {
  shared_turn shared;
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
    output_turn::settle(self->shared.word, self->shared.bell.get(), static_cast<int>(worker));
  });
  method(object, "mended", [self](std::size_t worker) { return self->all.at(worker)->one.mended(); });
  method(object, "takeBack",
         [self](std::size_t worker, std::uint64_t mark) { self->all.at(worker)->one.take_back(mark); });
  method(object, "committed", [self](std::size_t worker) { return self->all.at(worker)->one.committed(); });
  method(object, "flows", [self](std::size_t worker) { return self->all.at(worker)->one.flows(); });
  method(object, "pending", [self](std::size_t worker) { return self->all.at(worker)->one.pending(); });
  method(object, "delivered", [self](std::size_t worker) { return self->all.at(worker)->one.delivered(); });
  method(object, "stuckNs", [self](std::size_t worker) { return self->all.at(worker)->one.stuck_ns(); });
  method(object, "counted", [self](std::size_t worker) { return self->all.at(worker)->stats.bytes_out.get(); });
  method(object, "waitsForTurn",
         [self](std::size_t worker) { return self->all.at(worker)->one.waits_for().fd == self->shared.bell.get(); });
  method(object, "close", [self] { self->all.clear(); });
}

std::shared_ptr<deliverers> make_deliverers(const Napi::CallbackInfo& info) {
  auto made = std::make_shared<deliverers>();
  for (int worker = 0; worker < js<int>::from(info[1]); ++worker) {
    const output_turn turn(made->shared.word, made->shared.bell.get(), worker);
    made->all.push_back(std::make_unique<deliverer>(js<int>::from(info[0]), turn));
  }
  return made;
}

}  // namespace

void show_delivery(Napi::Object exports) {
  constructor(exports, "Turns", make_turns, show_turns);
  constructor(exports, "Deliverers", make_deliverers, show_deliverers);
  method(exports, "httpReply", [](int status, double seconds) {
    std::string text;
    static worker::http::date_field date;  // as a worker has one for all its answers
    worker::http::write(text, {.status = status}, date.at(static_cast<std::time_t>(seconds)));
    return text;
  });
}

}  // namespace procpool::testing
