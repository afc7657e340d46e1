#include "addon/readable.h"

#include <utility>

#include "sys/sys_error.h"

namespace procpool::addon {

readable* readable::watch(uv_loop_t* loop, int fd, callback on_input) {
  auto* self = new readable(std::move(on_input));
  if (const int error = uv_poll_init(loop, &self->handle_, fd); error < 0) {
    delete self;
    throw sys::sys_error("uv_poll_init", -error);
  }
  self->start();
  return self;
}

void readable::start() {
  const int events = UV_READABLE | UV_DISCONNECT | (on_room_ ? UV_WRITABLE : 0);
  // Fails only for a handle that is closing.
  uv_poll_start(&handle_, events, [](uv_poll_t* handle, int status, int happened) {
    static_cast<readable*>(handle->data)->on_events(status, happened);
  });
}

void readable::on_events(int status, int events) {
  if ((events & UV_WRITABLE) != 0 && on_room_) {
    const callback on_room = std::exchange(on_room_, nullptr);
    start();
    on_room();
  }
  // An error condition counts as input: reading names it.
  if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)) != 0) on_input_();
}

void readable::await_room(callback on_room) {
  on_room_ = std::move(on_room);
  start();
}

void readable::close(callback closed) {
  on_closed_ = std::move(closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    auto* self = static_cast<readable*>(handle->data);
    const callback last = std::move(self->on_closed_);
    delete self;
    last();
  });
}

}  // namespace procpool::addon
