#include "worker/http_bodies.h"

#include <cerrno>
#include <utility>

namespace procpool::worker {
namespace {

using ipc::timeout_reason;
using phase = http_client::phase;

// A body up to this is whole before the first byte of it goes out.
constexpr std::size_t gather_bytes = 1 << 20;

// What a worker gathers of all its clients' bodies.
constexpr std::size_t gather_most_bytes = 1 << 26;

// A longer body has stdout to itself, and has to keep this pace if others wait.
constexpr std::uint64_t pace_bytes = 1 << 18;
constexpr std::uint32_t pace_ms = 2000;

// Of those that have waited, so many bytes are written at once.
constexpr std::uint64_t batch_bytes = 1 << 18;

}  // namespace

http_bodies::http_bodies(const surroundings<http_client>& own, std::uint64_t& last_place)
    : stats_(own.stats),
      clients_(own.all),
      deadlines_(own.times),
      last_place_(last_place),
      delivery_(own.out, own.turn, own.stats) {}

bool http_bodies::add(http_client& one, std::span<const char> data, bool last) {
  const bool at_once = last && one.body.size() == 0 && queued_.empty() && delivery_.flows();
  if (at_once || one.now == phase::streaming) {
    delivery_.add(data);
    return true;
  }
  if (gathered_ + data.size() > gather_most_bytes) return false;
  one.body.add(data, gathered_);
  if (one.body.size() > gather_bytes && !last) queue(one);
  return true;
}

void http_bodies::complete(http_client& one) {
  if (one.now != phase::streaming && one.body.size() > 0) return queue(one);
  if (one.now == phase::streaming) end_stream();
  await_delivery(one);
}

sys::result http_bodies::flush() {
  const sys::result flushed = delivery_.flush();
  if (flushed != -EAGAIN) return flushed;
  // Whoever has been waiting since this flush shall not do so for ever.
  for (auto each = delivering_.rbegin(); each != delivering_.rend() && !each->limited; ++each) {
    each->limited = true;
    http_client* const one = find(*each, phase::delivering);
    if (one != nullptr) deadlines_.expect(*one, timeout_reason::pace, wait_limit_ms);
  }
  return flushed;
}

http_client* http_bodies::next_delivered() {
  while (!delivering_.empty() && delivering_.front().end <= delivery_.delivered()) {
    http_client* const one = find(delivering_.front(), phase::delivering);
    delivering_.pop_front();
    if (one != nullptr) return one;
  }
  return nullptr;
}

http_client* http_bodies::admit() {
  while (!queued_.empty() && delivery_.flows() && delivery_.pending() < batch_bytes) {
    http_client* const one = find(queued_.front(), phase::queued);
    queued_.pop_front();
    if (one == nullptr) continue;
    delivery_.add(one->body.bytes());
    one->body.clear();
    if (one->parser->started()) {
      start_stream(*one);
      return one;
    }
    await_delivery(*one);
  }
  return nullptr;
}

void http_bodies::take_back() {
  if (streaming_ != nullptr) return;
  while (!delivering_.empty() && delivering_.back().begin >= delivery_.committed()) {
    const place last = delivering_.back();
    delivering_.pop_back();
    delivery_.take_back(last.begin);
    stats_.bytes_discarded.add(last.end - last.begin);
    refused_.push_front(last);
  }
}

http_client* http_bodies::next_refused() {
  while (!refused_.empty()) {
    http_client* const one = find(refused_.front(), phase::delivering);
    refused_.pop_front();
    if (one != nullptr) return one;
  }
  return nullptr;
}

sys::result http_bodies::move(http_client& one) {
  const sys::result moved = delivery_.move(one.fd, one.parser->remaining());
  if (moved <= 0) return moved;
  const auto size = static_cast<std::uint64_t>(moved);
  one.parser->skip(size);
  one.seen += size;
  stats_.bytes_in.add(size);
  return moved;
}

void http_bodies::keep_pace(http_client& one, std::uint64_t bytes) {
  paced_ += bytes;
  if (paced_ < pace_bytes) return;
  paced_ = 0;
  late_ = false;
  deadlines_.expect(one, timeout_reason::pace, pace_ms);
}

bool http_bodies::may_go_on(timeout_reason reason) {
  // It is stdout that keeps it.
  if (delivery_.blocked()) return true;
  if (reason != timeout_reason::pace) return false;
  // Once too late it may have been alone until just now.
  const bool waited_for = !queued_.empty() || delivery_.wanted();
  return !waited_for || !std::exchange(late_, true);
}

void http_bodies::go_on(http_client& one) { deadlines_.expect(one, timeout_reason::pace, pace_ms); }

void http_bodies::tear(http_client& one) {
  if (&one == streaming_) end_stream();
  stats_.torn.add(1);
  clients_.note(ipc::log_event::torn, one, one.seen);
}

bool http_bodies::cut_off(http_client& one) {
  const bool begun = one.now == phase::delivering && delivery_.delivered() > one.mark - one.seen;
  const bool torn = one.now == phase::streaming || (begun && delivery_.delivered() < one.mark);
  if (torn) tear(one);
  return torn;
}

bool http_bodies::stuck() const {
  constexpr std::uint64_t ms_ns = 1'000'000;
  return delivery_.stuck_ns() > wait_limit_ms * ms_ns;
}

void http_bodies::queue(http_client& one) {
  one.now = phase::queued;
  queued_.push_back({one.take_place(last_place_), 0, 0});
  deadlines_.expect(one, timeout_reason::pace, wait_limit_ms);
}

void http_bodies::await_delivery(http_client& one) {
  one.now = phase::delivering;
  one.mark = delivery_.added();
  delivering_.push_back({one.take_place(last_place_), one.mark - one.seen, one.mark});
}

void http_bodies::start_stream(http_client& one) {
  delivery_.open();
  streaming_ = &one;
  one.now = phase::streaming;
  keep_pace(one, pace_bytes);
}

void http_bodies::end_stream() {
  delivery_.close();
  streaming_ = nullptr;
}

http_client* http_bodies::find(const place& one, phase expected) {
  http_client* const client = clients_.find(one.where.fd);
  return client != nullptr && client->is_at(one.where, expected) ? client : nullptr;
}

}  // namespace procpool::worker
