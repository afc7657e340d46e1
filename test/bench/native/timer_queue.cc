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

  void set(id one, tick expires) { wheel_.set(timers_[one], expires); }
  void cancel(id one) { wheel_.cancel(timers_[one]); }

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

  void set(id one, tick expires) {
    if (positions_[one] == none) {
      entries_.emplace_back();
      rise(entries_.size() - 1, {expires, one});
    } else {
      replace(positions_[one], {expires, one});
    }
  }

  void cancel(id one) {
    const entry last = entries_.back();
    entries_.pop_back();
    if (last.one != one) replace(positions_[one], last);
    positions_[one] = none;
  }

  std::size_t advance(tick now) {
    std::size_t expired = 0;
    for (; !entries_.empty() && entries_.front().expires <= now; ++expired) cancel(entries_.front().one);
    return expired;
  }

 private:
  struct entry {
    tick expires;
    id one;
  };
  static constexpr id none = std::numeric_limits<id>::max();

  void put(std::size_t at, entry one) {
    entries_[at] = one;
    positions_[one.one] = static_cast<id>(at);
  }

  void replace(std::size_t at, entry one) {
    if (one.expires < entries_[at].expires) {
      rise(at, one);
    } else {
      sink(at, one);
    }
  }

  void rise(std::size_t at, entry one) {
    for (; at > 0 && one.expires < entries_[(at - 1) / 2].expires; at = (at - 1) / 2) put(at, entries_[(at - 1) / 2]);
    put(at, one);
  }

  void sink(std::size_t at, entry one) {
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= entries_.size()) break;
      if (child + 1 < entries_.size() && entries_[child + 1].expires < entries_[child].expires) ++child;
      if (entries_[child].expires >= one.expires) break;
      put(at, entries_[child]);
      at = child;
    }
    put(at, one);
  }

  std::vector<entry> entries_;
  std::vector<id> positions_;
};

/// A renewal keeps its node.
class multimap {
 public:
  explicit multimap(id timers) : nodes_(timers, map_.end()) {}

  void set(id one, tick expires) {
    if (nodes_[one] == map_.end()) {
      nodes_[one] = map_.emplace(expires, one);
    } else {
      auto node = map_.extract(nodes_[one]);
      node.key() = expires;
      nodes_[one] = map_.insert(std::move(node));
    }
  }

  void cancel(id one) { map_.erase(std::exchange(nodes_[one], map_.end())); }

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
      for (auto one = order.cbegin(); one != order.cend();) {
        for (tick read = 0; read < timers / gap; ++read) queue.set(*one++, now + timeout);
        expired += queue.advance(++now);
      }
    });
    expect(expired, 0);
  };

  set_all(add);
  for (tick begun = 0; begun < 2 * timeout; begun += gap) set_all(renew);
  std::shuffle(order.begin(), order.end(), random);
  cancel.measure(timers, [&] {
    for (const id one : order) queue.cancel(one);
  });

  set_all(add);
  std::size_t expired = 0;
  expire.measure(timers, [&] {
    for (const tick end = now + timeout; now < end;) expired += queue.advance(++now);
  });
  expect(expired, timers);

  for (const id one : order) queue.set(one, now + (tick{1} << 40U) + one);
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
