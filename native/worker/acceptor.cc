#include "worker/acceptor.h"

namespace procpool::worker {

/// The client is in the table, or closed, when the intent is over.
sys::result acceptor::accept_noted(ipc::peer_address& peer) {
  call_.begin(intent::call::accept, -1);
  const sys::result connection = listener_.accept(peer);
  if (connection >= 0) {
    call_.set_client(static_cast<int>(connection));
  } else {
    call_.finish();
  }
  return connection;
}

ipc::worker_report acceptor::accept() {
  ipc::peer_address peer{};
  const sys::result connection = accept_noted(peer);
  if (is_exhaustion(connection)) return refuse(connection);
  if (connection < 0) return ipc::worker_report::nothing;
  const bool opened = service_.open(static_cast<int>(connection), peer);
  return opened ? ipc::worker_report::accepted : ipc::worker_report::refused;
}

ipc::worker_report acceptor::refuse(sys::result failure) {
  // A client that waits when the pool stops is served: the order to drain follows.
  if (worker_.page.state.get() == static_cast<std::uint64_t>(ipc::pool_state::draining)) {
    return ipc::worker_report::nothing;
  }
  ipc::peer_address peer{};
  const sys::result refused = listener_.refuse(peer);
  if (refused == -EAGAIN) return ipc::worker_report::nothing;
  worker_.shortage.refused(peer, static_cast<int>(-failure));
  if (refused < 0) return ipc::worker_report::exhausted;
  worker_.stats.refused.add(1);
  return ipc::worker_report::refused;
}

void acceptor::begin_queue() {
  takes_queue_ = listener_.is_open();
  take_queue();
}

void acceptor::take_queue() {
  empty_queue([this](int connection, const ipc::peer_address& peer) { service_.open(connection, peer); });
}

void acceptor::expire_queue() {
  empty_queue([this](int connection, const ipc::peer_address&) { service_.refuse(connection); });
}

/// Until nobody waits, or a client cannot be accepted now. More than the queue held when the stop began came later.
template <typename Serve>
void acceptor::empty_queue(Serve serve) {
  if (!takes_queue_) return;
  for (; taken_ <= worker_.config.backlog; ++taken_) {
    ipc::peer_address peer{};
    const sys::result connection = accept_noted(peer);
    if (is_exhaustion(connection)) return;
    if (connection < 0) break;
    serve(static_cast<int>(connection), peer);
  }
  close();
  supervisor_.report(ipc::worker_report::queue_empty);
}

void acceptor::close() {
  takes_queue_ = false;
  listener_.close();
}

}  // namespace procpool::worker
