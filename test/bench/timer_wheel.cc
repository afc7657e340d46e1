// A million connections with an idle timeout of a minute that every read renews, in ms:
// timer_wheel wheel|heap|multimap → ns per operation as JSON. For timer_wheel.ts.

#include "event/timer_wheel.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/syscalls.h"

using procpool::event::tick;

namespace {

using id = std::uint32_t;

constexpr id timers = 1'000'000;
constexpr tick timeout = 60'000;
constexpr tick now_and_then = 10'000;  // between two reads of a connection's
constexpr tick often = 1'000;

class wheel {
 public:
  void set(id one, tick expires) { wheel_.set(timers_[one], expires); }
  void cancel(id one) { wheel_.cancel(timers_[one]); }

  std::size_t advance(tick now) {
    std::size_t expired = 0;
    wheel_.advance(now, [&expired](auto&) { ++expired; });
    return expired;
  }

 private:
  procpool::event::timer_wheel wheel_;
  std::vector<procpool::event::timer> timers_ = std::vector<procpool::event::timer>(timers);
};

/// Binary; each timer knows its position, so that it can be renewed.
class heap {
 public:
  heap() { entries_.reserve(timers); }

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
  static constexpr id none = timers;

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
  std::vector<id> positions_ = std::vector<id>(timers, none);
};

/// A renewal keeps its node.
class multimap {
 public:
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
  std::vector<decltype(map_)::iterator> nodes_ = std::vector<decltype(map_)::iterator>(timers, map_.end());
};

class stopwatch {
 public:
  template <typename Work>
  void measure(Work work) {
    const std::uint64_t begin = procpool::sys::monotonic_ns();
    work();
    ns_ += procpool::sys::monotonic_ns() - begin;
  }

  [[nodiscard]] double per(double operations) const { return static_cast<double>(ns_) / operations; }

 private:
  std::uint64_t ns_ = 0;
};

void expect(std::size_t expired, std::size_t expected) {
  if (expired == expected) return;
  std::fprintf(stderr, "%zu timers expired instead of %zu\n", expired, expected);
  std::exit(EXIT_FAILURE);
}

template <typename Queue>
void run() {
  Queue queue;
  tick now = 1'000'000;
  queue.advance(now);
  std::mt19937 random(1);
  std::vector<id> order(timers);
  std::iota(order.begin(), order.end(), 0);
  stopwatch add, renew, renew_often, cancel, expire, idle;

  // Each timer once, every time in another order, while the time goes on.
  const auto set_all = [&](stopwatch& watch, tick duration) {
    std::shuffle(order.begin(), order.end(), random);
    std::size_t expired = 0;
    watch.measure([&] {
      for (auto one = order.cbegin(); one != order.cend();) {
        for (tick read = 0; read < timers / duration; ++read) queue.set(*one++, now + timeout);
        expired += queue.advance(++now);
      }
    });
    expect(expired, 0);
  };

  set_all(add, now_and_then);
  const tick rounds = 2 * timeout / now_and_then;
  for (tick round = 0; round < rounds; ++round) set_all(renew, now_and_then);
  const tick more_rounds = timeout / often;
  for (tick round = 0; round < more_rounds; ++round) set_all(renew_often, often);
  std::shuffle(order.begin(), order.end(), random);
  cancel.measure([&] {
    for (const id one : order) queue.cancel(one);
  });

  set_all(add, now_and_then);
  std::size_t expired = 0;
  expire.measure([&] {
    for (const tick end = now + timeout; now < end;) expired += queue.advance(++now);
  });
  expect(expired, timers);

  for (const id one : order) queue.set(one, now + (tick{1} << 40U) + one);
  constexpr int ticks = 10'000'000;
  idle.measure([&] {
    for (int step = 0; step < ticks; ++step) expired += queue.advance(++now);
  });
  expect(expired, timers);

  std::printf(R"({"add": %.2f, "renew": %.2f, "renewOften": %.2f, "cancel": %.2f, "expire": %.2f, "tick": %.2f})"
              "\n",
              add.per(2.0 * timers), renew.per(static_cast<double>(rounds) * timers),
              renew_often.per(static_cast<double>(more_rounds) * timers), cancel.per(timers), expire.per(timers),
              idle.per(ticks));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view which = count == 2 ? arguments[1] : "";
  if (which == "wheel") {
    run<wheel>();
  } else if (which == "heap") {
    run<heap>();
  } else if (which == "multimap") {
    run<multimap>();
  } else {
    return 2;
  }
  return 0;
}
