#include "worker/stopping.h"

#include <cstdlib>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {

void stopping::ask() {
  if (!std::exchange(asked_, true)) supervisor_.report(ipc::worker_report::leaving);
}

void stopping::retire() {
  worker_.shutdown.retire();
  acceptor_.close();
}

void stopping::leave() {
  acceptor_.close();
  drain();
}

void stopping::drain() {
  if (!worker_.shutdown.drain()) return;
  service_.begin_drain();
  acceptor_.begin_queue();
}

void stopping::orphan() {
  deadline_ms_ = worker_.clock.now().real_ms + ipc::orphan_drain_ms;
  drain();
}

void stopping::hand_over() {
  if (worker_.shutdown.draining()) return;
  handover_ms_ = worker_.clock.now().real_ms + worker_.config.drain_ms;
}

/// The standby that goes on closes what the worker has open; so nothing is closed on the way out.
void stopping::try_to_hand_over() {
  if (worker_.shutdown.draining()) return handover_ms_.reset();
  service_.prepare_handover();
  if (!service_.can_hand_over() && worker_.clock.now().real_ms < *handover_ms_) return;
  supervisor_.send();
  sys::exit_now(EXIT_SUCCESS);
}

void stopping::expire() {
  if (!worker_.shutdown.expire()) return;
  worker_.writer.hurry();
  service_.flush();
  cut_off_ = service_.expire();
  worker_.writer.give_up();
  acceptor_.expire_queue();
}

void stopping::end_round() {
  if (deadline_ms_ && worker_.clock.now().real_ms >= *deadline_ms_) expire();
  if (worker_.shutdown.draining() && worker_.writer.broken()) expire();
  if (handover_ms_) try_to_hand_over();
  if (!worker_.shutdown.draining() || worker_.shutdown.expired()) return;
  acceptor_.take_queue();
  service_.sweep();
}

bool stopping::finished() const {
  if (worker_.shutdown.expired()) return true;
  const bool served = !acceptor_.takes_queue() && service_.clients() == 0;
  return worker_.shutdown.ending() && served && worker_.writer.at_boundary();
}

}  // namespace procpool::worker
