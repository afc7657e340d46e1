// Connections with an idle timeout of a minute that every read renews, in ms, one every ten seconds:
// timer_queue queue=wheel|heap|multimap [timers=1000000] → ns per operation as JSON.

#include "event/timer_wheel.h"

#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "bench.h"

using procpool::event::tick;

namespace {

using id = std::uint32_t;

constexpr tick timeout = 60'000;
constexpr tick gap = 10'000;  // between two reads of a connection's

class wheel {
 public:
  explicit wheel(id timers) : timers_(timers) {}

  void set(id timer_id, tick expires) { wheel_.set(timers_[timer_id], expires); }
  void cancel(id timer_id) { wheel_.cancel(timers_[timer_id]); }

  std::size_t advance(tick now) {
    std::size_t expired = 0;
    wheel_.advance(now, [&expired](auto&) { ++expired; });
    return expired;
  }

 private:
  procpool::event::timer_wheel wheel_;
  std::vector<procpool::event::timer> timers_;
};

/// Binary; each timer knows its position, so that it can be renewed.
class heap {
 public:
  explicit heap(id timers) : positions_(timers, none) { entries_.reserve(timers); }

  void set(id timer_id, tick expires) {
    if (positions_[timer_id] == none) {
      entries_.emplace_back();
      rise(entries_.size() - 1, {expires, timer_id});
    } else {
      replace(positions_[timer_id], {expires, timer_id});
    }
  }

  void cancel(id timer_id) {
    const entry last = entries_.back();
    entries_.pop_back();
    if (last.timer_id != timer_id) replace(positions_[timer_id], last);
    positions_[timer_id] = none;
  }

  std::size_t advance(tick now) {
    std::size_t expired = 0;
    for (; !entries_.empty() && entries_.front().expires <= now; ++expired) cancel(entries_.front().timer_id);
    return expired;
  }

 private:
  struct entry {
    tick expires;
    id timer_id;
  };
  static constexpr id none = std::numeric_limits<id>::max();

  void put(std::size_t at, entry timer_id) {
    entries_[at] = timer_id;
    positions_[timer_id.timer_id] = static_cast<id>(at);
  }

  void replace(std::size_t at, entry timer_id) {
    if (timer_id.expires < entries_[at].expires) {
      rise(at, timer_id);
    } else {
      sink(at, timer_id);
    }
  }

  void rise(std::size_t at, entry timer_id) {
    for (; at > 0 && timer_id.expires < entries_[(at - 1) / 2].expires; at = (at - 1) / 2)
      put(at, entries_[(at - 1) / 2]);
    put(at, timer_id);
  }

  void sink(std::size_t at, entry timer_id) {
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= entries_.size()) break;
      if (child + 1 < entries_.size() && entries_[child + 1].expires < entries_[child].expires) ++child;
      if (entries_[child].expires >= timer_id.expires) break;
      put(at, entries_[child]);
      at = child;
    }
    put(at, timer_id);
  }

  std::vector<entry> entries_;
  std::vector<id> positions_;
};

/// A renewal keeps its node.
class multimap {
 public:
  explicit multimap(id timers) : nodes_(timers, map_.end()) {}

  void set(id timer_id, tick expires) {
    if (nodes_[timer_id] == map_.end()) {
      nodes_[timer_id] = map_.emplace(expires, timer_id);
    } else {
      auto node = map_.extract(nodes_[timer_id]);
      node.key() = expires;
      nodes_[timer_id] = map_.insert(std::move(node));
    }
  }

  void cancel(id timer_id) { map_.erase(std::exchange(nodes_[timer_id], map_.end())); }

  std::size_t advance(tick now) {
    std::size_t expired = 0;
    for (; !map_.empty() && map_.begin()->first <= now; ++expired) cancel(map_.begin()->second);
    return expired;
  }

 private:
  std::multimap<tick, id> map_;
  std::vector<decltype(map_)::iterator> nodes_;
};

class stopwatch {
 public:
  template <typename Work>
  void measure(std::uint64_t operations, Work work) {
    const std::uint64_t begin = procpool::sys::monotonic_ns();
    work();
    ns_ += procpool::sys::monotonic_ns() - begin;
    operations_ += operations;
  }

  [[nodiscard]] std::string field(const char* name) const {
    return bench::quoted(name, std::to_string(static_cast<double>(ns_) / static_cast<double>(operations_)));
  }

 private:
  std::uint64_t ns_ = 0;
  std::uint64_t operations_ = 0;
};

void expect(std::size_t expired, std::size_t expected) {
  if (expired != expected)
    bench::fail(std::to_string(expired) + " timers expired instead of " + std::to_string(expected));
}

template <typename Queue>
void run(id timers) {
  Queue queue(timers);
  tick now = 1'000'000;
  queue.advance(now);
  std::mt19937 random(1);
  std::vector<id> order(timers);
  std::iota(order.begin(), order.end(), 0);
  stopwatch add, renew, cancel, expire, idle;

  // Each timer once, every time in another order, while the time goes on.
  const auto set_all = [&](stopwatch& watch) {
    std::shuffle(order.begin(), order.end(), random);
    std::size_t expired = 0;
    watch.measure(timers, [&] {
      for (auto timer_id = order.cbegin(); timer_id != order.cend();) {
        for (tick read = 0; read < timers / gap; ++read) queue.set(*timer_id++, now + timeout);
        expired += queue.advance(++now);
      }
    });
    expect(expired, 0);
  };

  set_all(add);
  for (tick begun = 0; begun < 2 * timeout; begun += gap) set_all(renew);
  std::shuffle(order.begin(), order.end(), random);
  cancel.measure(timers, [&] {
    for (const id timer_id : order) queue.cancel(timer_id);
  });

  set_all(add);
  std::size_t expired = 0;
  expire.measure(timers, [&] {
    for (const tick end = now + timeout; now < end;) expired += queue.advance(++now);
  });
  expect(expired, timers);

  for (const id timer_id : order) queue.set(timer_id, now + (tick{1} << 40U) + timer_id);
  constexpr std::uint64_t ticks = 10'000'000;
  idle.measure(ticks, [&] {
    for (std::uint64_t step = 0; step < ticks; ++step) expired += queue.advance(++now);
  });
  expect(expired, timers);

  bench::print(add.field("add") + "," + renew.field("renew") + "," + cancel.field("cancel") + "," +
               expire.field("expire") + "," + idle.field("tick"));
}

}  // namespace

int main(int count, char** words) {
  const bench::arguments given(count, words, {{"queue", ""}, {"timers", "1000000"}});
  const std::string& queue = given.text("queue");
  const id timers = given.number<id>("timers");
  if (timers == 0 || timers % gap != 0) bench::fail("timers have to be a multiple of " + std::to_string(gap));
  if (queue == "wheel") {
    run<wheel>(timers);
  } else if (queue == "heap") {
    run<heap>(timers);
  } else if (queue == "multimap") {
    run<multimap>(timers);
  } else {
    bench::fail("queue is wheel, heap or multimap");
  }
}
