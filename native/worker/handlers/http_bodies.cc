#include "worker/handlers/http_bodies.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace procpool::worker {
namespace {

using ipc::timeout_reason;
using phase = http_client::phase;

constexpr std::uint64_t ms_ns = 1'000'000;

// What the bodies of all of a worker's clients may take up in memory.
constexpr std::size_t memory_bytes = 1 << 26;

// What one of them may, before it goes into a file: as a rule; and where half of that is taken, or it has one.
constexpr std::size_t body_bytes = 1 << 20;
constexpr std::size_t small_bytes = 1 << 16;

// What a worker's files may hold together: a body of the greatest size always.
constexpr std::uint64_t spool_bytes = std::uint64_t{1} << 30;

// Of a body so many bytes have to come in each such time, in ms.
constexpr std::uint64_t window_bytes = 10'000;
constexpr std::uint32_t window_ms = 20'000;

// A body waits for no longer, even where stdout takes others.
constexpr std::uint64_t total_wait_ms = 60'000;

// A body for which there is no file is logged as often, in ms.
constexpr std::uint64_t note_again_ms = 60'000;

// Of those that have waited, so many bytes are written at once.
constexpr std::uint64_t batch_bytes = 1 << 18;

}  // namespace

http_bodies::http_bodies(const handler_context<http_client>& own, std::uint64_t& last_place)
    : page_(own.page),
      stats_(own.stats),
      clients_(own.all),
      deadlines_(own.times),
      last_place_(last_place),
      delivery_(own.out, own.lock, own.stats),
      spool_(std::max(spool_bytes, own.config.max_body)) {}

bool http_bodies::add(http_client& one, std::span<const char> data, bool last) {
  if (last && one.body.size() == 0 && queued_.empty() && delivery_.flows()) {
    delivery_.add(data);
    return true;
  }
  if (one.advance(data.size())) list_of(one).append(one, sys::monotonic_ns());
  const bool scarce = one.body.spooled() || memory_ > memory_bytes / 2;
  if (one.body.bytes().size() + data.size() > (scarce ? small_bytes : body_bytes)) spill(one);
  if (!make_room(one, data.size())) {
    page_.no_room_ns.store(sys::monotonic_ns());
    return false;
  }
  one.body.add(data, memory_);
  return true;
}

/// If there is no file for it, it stays in memory.
void http_bodies::spill(http_client& one) {
  const sys::result spilt = one.body.spill(spool_);
  if (spilt < 0) note_failed_spill(one, static_cast<int>(-spilt));
  if (one.body.spooled()) spooled_.append(one, sys::monotonic_ns());
}

void http_bodies::note_failed_spill(const http_client& one, int error) {
  const std::uint64_t now = sys::monotonic_ns();
  if (failed_spill_ns_ != 0 && now - failed_spill_ns_ < note_again_ms * ms_ns) return;
  failed_spill_ns_ = now;
  clients_.note(ipc::log_event::spool, one, 0, 0, error);
}

bool http_bodies::make_room(const http_client& one, std::size_t bytes) {
  if (memory_ + bytes <= memory_bytes) return true;
  const std::uint64_t now = sys::monotonic_ns();
  while (memory_ + bytes > memory_bytes) {
    pace::entry* slow = large_.slowest(now, &one);
    if (slow == nullptr) slow = small_.slowest(now, &one);
    if (slow == nullptr) slow = spooled_.slowest(now, &one);
    if (slow == nullptr) return false;
    give_way(*static_cast<http_client*>(slow));
  }
  return true;
}

void http_bodies::give_way(http_client& one) {
  stats_.bytes_discarded.add(one.body.size());
  one.body.clear();
  slow_.append(one, 0);
}

http_client* http_bodies::next_slow() {
  pace::entry* const first = slow_.first();
  if (first != nullptr) first->leave();
  return static_cast<http_client*>(first);
}

pace::list& http_bodies::list_of(const http_client& one) {
  if (one.body.spooled()) return spooled_;
  return one.body.size() < pace::step_bytes / 2 ? small_ : large_;
}

void http_bodies::await_more(http_client& one) {
  if (one.wanted == 0) begin_window(one, 0);
}

bool http_bodies::keeps_pace(http_client& one) {
  if (one.seen < one.wanted) return false;
  begin_window(one, one.seen);
  return true;
}

void http_bodies::begin_window(http_client& one, std::uint64_t from) {
  one.wanted = from + window_bytes;
  deadlines_.expect(one, timeout_reason::pace, window_ms);
}

void http_bodies::complete(http_client& one) {
  one.leave();
  if (one.body.size() > 0) return queue(one);
  one.waits_since_ns = 0;
  // It has been added to what is delivered next, and nothing else since.
  const std::uint64_t end = delivery_.added();
  try {
    await_delivery(one, end);
  } catch (const std::bad_alloc&) {
    delivery_.take_back(end - one.seen);
    stats_.bytes_discarded.add(one.seen);
    throw;
  }
}

sys::result http_bodies::flush() {
  const sys::result flushed = delivery_.flush();
  if (delivery_.mended() > 0) {
    stats_.torn.add(1);
    clients_.note(ipc::log_event::mended);
  }
  if (flushed != -EAGAIN) return flushed;
  // Whoever has been waiting since this flush shall not do so for ever.
  for (auto each = delivering_.rbegin(); each != delivering_.rend() && !each->limited; ++each) {
    each->limited = true;
    http_client* const one = find(*each, phase::delivering);
    if (one == nullptr) continue;
    if (one->waits_since_ns == 0) one->waits_since_ns = sys::monotonic_ns();
    deadlines_.expect(*one, timeout_reason::pace, wait_limit_ms);
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
    if (one != nullptr && one->body.size() > small_bytes && delivery_.busy()) return nullptr;
    queued_.pop_front();
    if (one == nullptr) continue;
    try {
      start(*one);
    } catch (const std::bad_alloc&) {
      return one;
    }
  }
  return nullptr;
}

void http_bodies::start(http_client& one) {
  const std::uint64_t end = delivery_.added() + one.body.size();
  if (one.body.size() > small_bytes || one.body.spooled()) {
    await_delivery(one, end);
    writing_.emplace(long_body{std::move(one.body)});
    return delivery_.open();
  }
  delivery_.add(one.body.bytes());
  try {
    await_delivery(one, end);
  } catch (const std::bad_alloc&) {
    delivery_.take_back(end - one.body.size());
    throw;
  }
  one.body.clear();
}

std::optional<http_bodies::unreadable> http_bodies::feed() {
  if (!writing_ || delivery_.busy()) return {};
  const sys::result read = writing_->body.read(writing_->at, delivery_.space());
  if (read > 0) {
    delivery_.filled(static_cast<std::size_t>(read));
    writing_->at += static_cast<std::uint64_t>(read);
    if (unread() > 0) return {};
    delivery_.close();
    writing_.reset();
    return {};
  }
  // Nothing has been added since: its place is the last.
  const unreadable failed{find(delivering_.back(), phase::delivering), writing_->at > 0};
  delivering_.pop_back();
  if (failed.torn) {
    stats_.bytes_dropped.add(unread());
    stats_.torn.add(1);
    if (failed.client != nullptr) clients_.note(ipc::log_event::torn, *failed.client, writing_->at);
    delivery_.tear();
  } else {
    stats_.bytes_discarded.add(unread());
    delivery_.close();
  }
  writing_.reset();
  return failed;
}

std::uint32_t http_bodies::may_wait_ms(const http_client& one) const {
  const std::uint64_t waited_ms = (sys::monotonic_ns() - one.waits_since_ns) / ms_ns;
  const std::uint64_t unmoved_ms = delivery_.since_progress_ns() / ms_ns;
  if (unmoved_ms >= wait_limit_ms || waited_ms >= total_wait_ms) return 0;
  return static_cast<std::uint32_t>(std::min(wait_limit_ms - unmoved_ms, total_wait_ms - waited_ms));
}

void http_bodies::take_back() {
  if (writing_) return;
  while (!delivering_.empty() && delivering_.back().begin >= delivery_.committed()) {
    const place last = delivering_.back();
    refused_.push_front(last);
    delivering_.pop_back();
    delivery_.take_back(last.begin);
    stats_.bytes_discarded.add(last.end - last.begin);
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

bool http_bodies::cut_off(http_client& one) {
  const bool begun = one.now == phase::delivering && delivery_.delivered() > one.mark - one.seen;
  const bool torn = begun && delivery_.delivered() < one.mark;
  if (torn) {
    stats_.torn.add(1);
    clients_.note(ipc::log_event::torn, one, delivery_.delivered() - (one.mark - one.seen));
  }
  return torn;
}

bool http_bodies::stuck() const { return delivery_.blocked_ns() > wait_limit_ms * ms_ns; }

bool http_bodies::full() const {
  const std::uint64_t since = page_.no_room_ns.load();
  return since != 0 && sys::monotonic_ns() - since < wait_limit_ms * ms_ns;
}

void http_bodies::queue(http_client& one) {
  queued_.push_back({one.take_place(last_place_), 0, 0});
  one.now = phase::queued;
  one.waits_since_ns = sys::monotonic_ns();
  deadlines_.expect(one, timeout_reason::pace, wait_limit_ms);
}

void http_bodies::await_delivery(http_client& one, std::uint64_t end) {
  delivering_.push_back({one.take_place(last_place_), end - one.seen, end});
  one.now = phase::delivering;
  one.mark = end;
}

http_client* http_bodies::find(const place& one, phase expected) {
  http_client* const client = clients_.find(one.where.fd);
  return client != nullptr && client->is_at(one.where, expected) ? client : nullptr;
}

}  // namespace procpool::worker
