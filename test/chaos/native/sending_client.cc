#include "sending_client.h"

#include <netinet/tcp.h>
#include <sys/un.h>

#include <algorithm>

namespace chaos {

namespace sys = procpool::sys;

/// Of shorter ones a reader might not be able to tell whose they are: see interleaving.h.
constexpr std::size_t min_message = 16;

target::target(std::uint16_t port) : length_(sizeof(sockaddr_in)) {
  const sockaddr_in address = bench::loopback(port);
  std::memcpy(&address_, &address, sizeof address);
}

target::target(const std::string& path) : length_(sizeof(sockaddr_un)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) bench::fail(path + " is too long");
  path.copy(address.sun_path, path.size());
  std::memcpy(&address_, &address, sizeof address);
}

sys::result target::connect(bench::unique_fd& socket) const {
  socket = bench::own("socket", sys::socket(address_.ss_family, SOCK_STREAM));
  if (address_.ss_family == AF_INET)
    bench::check("setsockopt", sys::set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1));
  const sys::result begun = sys::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address_), length_);
  return begun == -EINPROGRESS ? 0 : begun;
}

/// Some clients send small messages only, so that the pool copies them; others' are long enough to be spliced.
sending_client::sending_client(const load& to_do, stream_id id, int epoll)
    : load_(&to_do),
      id_(id),
      epoll_(epoll),
      random_(static_cast<std::minstd_rand::result_type>(to_do.seed * 1'000'003 + id + 1)),
      max_message_(std::max<std::uint64_t>(1, to_do.max_message >> (random_() % 4 * 3))) {
  begin_life();
}

bool sending_client::go_on(std::uint64_t now) {
  if (state_ == state::unconnected) connect();
  if (state_ != state::sending) return false;
  if (now >= life_end_ns_) {
    half_close(now);
    return false;
  }
  return writable_ && send(now);
}

void sending_client::on_events(std::uint32_t events, std::uint64_t now) {
  if (state_ == state::connecting) {
    int error = 0;
    bench::check("getsockopt", sys::option(socket_.get(), SOL_SOCKET, SO_ERROR, &error, sizeof error));
    if (error != 0) {
      close(-error);
      return;
    }
    ++connects_;
    state_ = state::sending;
  }
  if ((events & EPOLLOUT) != 0) {
    writable_ = true;
    end_stall(now);
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) == 0) return;
  char answer = 0;
  const sys::result received = sys::receive(socket_.get(), &answer, sizeof answer);
  if (received == -EAGAIN) return;
  end_stall(now);
  if (received > 0) {
    close(-EPROTO);
  } else {
    close(received == 0 && state_ != state::ending ? -ECONNRESET : received);
  }
}

std::uint64_t sending_client::take_recent_stall(std::uint64_t now) {
  const std::uint64_t ongoing = stalled_since_ns_ == 0 ? 0 : now - stalled_since_ns_;
  return std::max(ongoing, std::exchange(recent_stall_ns_, 0));
}

void sending_client::connect() {
  const sys::result begun = load_->to.connect(socket_);
  if (begun == -EAGAIN) return;
  if (begun < 0) {
    close(begun);
    return;
  }
  state_ = state::connecting;
  bench::check("epoll_ctl", sys::epoll_control(epoll_, EPOLL_CTL_ADD, socket_.get(),
                                               EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, id_));
}

bool sending_client::send(std::uint64_t now) {
  const std::uint64_t allowed =
      load_->rate * ((now - load_->begin_ns) / 1'000'000) / 1'000;  // in whole ms, or it would overflow
  if (load_->rate > 0 && sent_in_all_ >= allowed) return false;
  if (unsent_of_message_ == 0) unsent_of_message_ = next_message();
  static std::vector<std::uint8_t> buffer;
  buffer.resize(std::max(buffer.size(), unsent_of_message_));
  const auto message = std::span(buffer).first(unsent_of_message_);
  const auto stream = static_cast<stream_id>(id_ + load_->clients * (sent_.size() - 1));
  load_->code.fill(message, stream, sent_.back());
  const sys::result taken = sys::send(socket_.get(), message.data(), message.size());
  if (taken == -EAGAIN) {
    writable_ = false;
    stalled_since_ns_ = now;
    return false;
  }
  if (taken < 0) {
    close(taken);
    return false;
  }
  const auto count = static_cast<std::size_t>(taken);
  unsent_of_message_ -= count;
  sent_.back() += count;
  sent_in_all_ += count;
  return true;
}

std::size_t sending_client::next_message() { return min_message + random_() % max_message_; }

void sending_client::half_close(std::uint64_t now) {
  end_stall(now);
  state_ = state::ending;
  const sys::result ended = sys::shut_down(socket_.get(), SHUT_WR);
  if (ended < 0) close(ended);
}

void sending_client::end_stall(std::uint64_t now) {
  if (stalled_since_ns_ == 0) return;
  const std::uint64_t stall = now - std::exchange(stalled_since_ns_, 0);
  longest_stall_ns_ = std::max(longest_stall_ns_, stall);
  recent_stall_ns_ = std::max(recent_stall_ns_, stall);
}

void sending_client::close(sys::result why) {
  if (why == -ECONNRESET || why == -EPIPE || why == -ENOTCONN) {
    ++resets_;
  } else if (why < 0) {
    ++errors_;
  }
  socket_ = bench::unique_fd();
  writable_ = false;
  stalled_since_ns_ = 0;
  unsent_of_message_ = 0;
  if (sent_.size() == load_->lives || sys::monotonic_ns() >= load_->end_ns) {
    state_ = state::over;
    return;
  }
  sent_.push_back(0);
  begin_life();
}

/// Lives end at different times, the last one with the load.
void sending_client::begin_life() {
  state_ = state::unconnected;
  const std::uint64_t each = (load_->end_ns - load_->begin_ns) / load_->lives;
  life_end_ns_ = sent_.size() == load_->lives
                     ? load_->end_ns
                     : load_->begin_ns + each * (sent_.size() - 1) + each * (1 + random_() % 4) / 4;
}

}  // namespace chaos
