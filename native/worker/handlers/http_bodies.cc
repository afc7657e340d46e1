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

// Memory for one of them, before it goes into a file; and where half of all is taken, or it has a file.
constexpr std::size_t body_bytes = 1 << 20;
constexpr std::size_t small_bytes = 1 << 16;

// The worker's files together: at least one body of the largest size that is allowed.
constexpr std::uint64_t spool_bytes = std::uint64_t{1} << 30;

// The least pace of a body: so many bytes in each window.
constexpr std::uint64_t window_bytes = 10'000;
constexpr std::uint32_t window_ms = 20'000;

// The longest wait of a body, even where stdout takes others.
constexpr std::uint64_t total_wait_ms = 60'000;

// A failure to make a file is logged once in this time.
constexpr std::uint64_t note_again_ms = 60'000;

// Bodies that have waited are written so many bytes at a time.
constexpr std::uint64_t batch_bytes = 1 << 18;

}  // namespace

http_bodies::http_bodies(const handler_context<http_client>& context, std::uint64_t& last_ticket)
    : page_(context.page),
      stats_(context.stats),
      clients_(context.clients),
      deadlines_(context.deadlines),
      last_ticket_(last_ticket),
      writer_(context.writer),
      spool_(std::max(spool_bytes, context.config.max_body)),
      writing_(context.memory, context.long_record, spool_) {}

bool http_bodies::add(http_client& client, std::span<const char> data, bool last) {
  if (last && client.body.size() == 0 && queued_.empty() && writer_.takes_records() && writer_.has_room(data.size())) {
    writer_.add(data);
    return true;
  }
  if (client.advance(data.size())) list_of(client).append(client, sys::monotonic_ns());
  const bool scarce = client.body.spooled() || memory_ > memory_bytes / 2;
  if (client.body.bytes().size() + data.size() > (scarce ? small_bytes : body_bytes)) spill(client);
  if (!make_room(client, data.size())) {
    page_.no_room_ns.store(sys::monotonic_ns());
    return false;
  }
  client.body.add(data, memory_);
  return true;
}

/// If there is no file for it, it stays in memory.
void http_bodies::spill(http_client& client) {
  const sys::result spilt = client.body.spill(spool_);
  if (spilt < 0) note_failed_spill(client, static_cast<int>(-spilt));
  if (client.body.spooled()) spooled_.append(client, sys::monotonic_ns());
}

void http_bodies::note_failed_spill(const http_client& client, int error) {
  const std::uint64_t now = sys::monotonic_ns();
  if (failed_spill_ns_ != 0 && now - failed_spill_ns_ < note_again_ms * ms_ns) return;
  failed_spill_ns_ = now;
  clients_.note(ipc::log_event::spool, client, 0, 0, error);
}

bool http_bodies::make_room(const http_client& client, std::size_t bytes) {
  if (memory_ + bytes <= memory_bytes) return true;
  const std::uint64_t now = sys::monotonic_ns();
  while (memory_ + bytes > memory_bytes) {
    pace::entry* slow = large_.slowest(now, &client);
    if (slow == nullptr) slow = small_.slowest(now, &client);
    if (slow == nullptr) slow = spooled_.slowest(now, &client);
    if (slow == nullptr) return false;
    give_way(*static_cast<http_client*>(slow));
  }
  return true;
}

void http_bodies::give_way(http_client& client) {
  stats_.bytes_discarded.add(client.body.size());
  client.body.clear();
  slow_.append(client, 0);
}

http_client* http_bodies::next_slow() {
  pace::entry* const first = slow_.first();
  if (first != nullptr) first->leave();
  return static_cast<http_client*>(first);
}

pace::list& http_bodies::list_of(const http_client& client) {
  if (client.body.spooled()) return spooled_;
  return client.body.size() < pace::step_bytes / 2 ? small_ : large_;
}

void http_bodies::await_more(http_client& client) {
  if (client.wanted_bytes == 0) begin_window(client, 0);
}

bool http_bodies::keeps_pace(http_client& client) {
  if (client.body_bytes < client.wanted_bytes) return false;
  begin_window(client, client.body_bytes);
  return true;
}

void http_bodies::begin_window(http_client& client, std::uint64_t from) {
  client.wanted_bytes = from + window_bytes;
  deadlines_.expect(client, timeout_reason::pace, window_ms);
}

void http_bodies::complete(http_client& client) {
  client.leave();
  if (client.body.size() > 0) return queue(client);
  client.waits_since_ns = 0;
  // It has been added to what is delivered next, and nothing else since.
  const std::uint64_t end = writer_.added();
  try {
    await_delivery(client, end);
  } catch (const std::bad_alloc&) {
    writer_.take_back(end - client.body_bytes);
    stats_.bytes_discarded.add(client.body_bytes);
    throw;
  }
}

sys::result http_bodies::flush() {
  const sys::result flushed = writer_.flush();
  if (writer_.mended() > 0) {
    stats_.torn.add(1);
    clients_.note(ipc::log_event::mended);
  }
  if (flushed != -EAGAIN) return flushed;
  // Those that wait since this flush get a deadline.
  for (auto each = delivering_.rbegin(); each != delivering_.rend() && !each->limited; ++each) {
    each->limited = true;
    http_client* const client = find(*each, phase::delivering);
    if (client == nullptr) continue;
    if (client->waits_since_ns == 0) client->waits_since_ns = sys::monotonic_ns();
    deadlines_.expect(*client, timeout_reason::pace, wait_limit_ms);
  }
  return flushed;
}

http_client* http_bodies::next_delivered() {
  while (!delivering_.empty() && delivering_.front().end <= writer_.delivered()) {
    http_client* const client = find(delivering_.front(), phase::delivering);
    delivering_.pop_front();
    if (client != nullptr) return client;
  }
  return nullptr;
}

http_client* http_bodies::admit() {
  while (!queued_.empty() && writer_.takes_records() && writer_.pending() < batch_bytes) {
    http_client* const client = find(queued_.front(), phase::queued);
    if (client != nullptr && !can_start(*client)) return nullptr;
    queued_.pop_front();
    if (client == nullptr) continue;
    try {
      start(*client);
    } catch (const std::bad_alloc&) {
      return client;
    }
  }
  return nullptr;
}

bool http_bodies::is_long(const http_client& client) {
  return client.body.size() > small_bytes || client.body.spooled();
}

bool http_bodies::can_start(const http_client& client) const {
  return is_long(client) ? !writer_.busy() : writer_.has_room(client.body.size());
}

void http_bodies::start(http_client& client) {
  const std::uint64_t end = writer_.added() + client.body.size();
  if (is_long(client)) {
    await_delivery(client, end);
    return writing_.begin(std::move(client.body));
  }
  writer_.add(client.body.bytes());
  try {
    await_delivery(client, end);
  } catch (const std::bad_alloc&) {
    writer_.take_back(end - client.body.size());
    throw;
  }
  client.body.clear();
}

std::optional<http_bodies::unreadable> http_bodies::feed() {
  if (!writing_ || writer_.busy()) return {};
  const sys::result read = unread() > 0 ? writing_.read(writer_.space()) : 0;
  if (read > 0) writer_.add_part(static_cast<std::size_t>(read), writing_.staged());
  if (unread() == 0) writing_.end();
  if (read >= 0) return {};

  unreadable failed{nullptr, writing_.staged() > 0};
  // Nothing has been added since: its place is the last, unless its client was another worker's.
  if (!delivering_.empty()) {
    failed.client = find(delivering_.back(), phase::delivering);
    delivering_.pop_back();
  }
  (failed.torn ? stats_.bytes_dropped : stats_.bytes_discarded).add(unread());
  writing_.end();
  if (!failed.torn) return failed;
  stats_.torn.add(1);
  if (failed.client != nullptr) clients_.note(ipc::log_event::torn, *failed.client, writing_.staged());
  writer_.mend();
  return failed;
}

std::uint32_t http_bodies::may_wait_ms(const http_client& client) const {
  const std::uint64_t waited_ms = (sys::monotonic_ns() - client.waits_since_ns) / ms_ns;
  const std::uint64_t unmoved_ms = writer_.since_progress_ns() / ms_ns;
  if (unmoved_ms >= wait_limit_ms || waited_ms >= total_wait_ms) return 0;
  return static_cast<std::uint32_t>(std::min(wait_limit_ms - unmoved_ms, total_wait_ms - waited_ms));
}

void http_bodies::take_back() {
  if (writing_) return;
  while (!delivering_.empty() && delivering_.back().begin >= writer_.committed()) {
    const entry last = delivering_.back();
    refused_.push_front(last);
    delivering_.pop_back();
    writer_.take_back(last.begin);
    stats_.bytes_discarded.add(last.end - last.begin);
  }
}

http_client* http_bodies::next_refused() {
  while (!refused_.empty()) {
    http_client* const client = find(refused_.front(), phase::delivering);
    refused_.pop_front();
    if (client != nullptr) return client;
  }
  return nullptr;
}

bool http_bodies::cut_off(http_client& client) {
  const bool begun = client.now == phase::delivering && writer_.delivered() > client.end_offset - client.body_bytes;
  const bool torn = begun && writer_.delivered() < client.end_offset;
  if (torn) {
    stats_.torn.add(1);
    clients_.note(ipc::log_event::torn, client, writer_.delivered() - (client.end_offset - client.body_bytes));
  }
  return torn;
}

bool http_bodies::stuck() const { return writer_.blocked_ns() > wait_limit_ms * ms_ns; }

bool http_bodies::full() const {
  const std::uint64_t since = page_.no_room_ns.load();
  return since != 0 && sys::monotonic_ns() - since < wait_limit_ms * ms_ns;
}

void http_bodies::queue(http_client& client) {
  queued_.push_back({client.take_ticket(last_ticket_), 0, 0});
  client.now = phase::queued;
  client.waits_since_ns = sys::monotonic_ns();
  deadlines_.expect(client, timeout_reason::pace, wait_limit_ms);
}

void http_bodies::await_delivery(http_client& client, std::uint64_t end) {
  delivering_.push_back({client.take_ticket(last_ticket_), end - client.body_bytes, end});
  client.now = phase::delivering;
  client.end_offset = end;
}

http_client* http_bodies::find(const entry& queued, phase expected) {
  http_client* const client = clients_.find(queued.ticket.fd);
  return client != nullptr && client->holds(queued.ticket, expected) ? client : nullptr;
}

}  // namespace procpool::worker
