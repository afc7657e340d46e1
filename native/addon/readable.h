#pragma once

#include <uv.h>

#include <functional>

namespace procpool::addon {

/// Watches a descriptor for input, and on request for room to write, on the host's event loop. libuv uses the handle
/// until it has closed it, so an object of this class is ended with close(), not delete. Host; does not own the
/// descriptor, which must stay open until close().
class readable {
 public:
  using callback = std::function<void()>;

  /// Throws sys_error. Keeps the loop alive.
  static readable* watch(uv_loop_t* loop, int fd, callback on_input);

  /// Calls `on_room` once, when the descriptor can be written to.
  void await_room(callback on_room);

  /// Stops watching; the descriptor may be closed at once. `closed` runs when the handle is gone.
  void close(callback closed);

 private:
  explicit readable(callback on_input) : on_input_(std::move(on_input)) { handle_.data = this; }

  void start();
  void on_events(int status, int events);

  uv_poll_t handle_{};
  callback on_input_;
  callback on_room_;
  callback on_closed_;
};

}  // namespace procpool::addon
