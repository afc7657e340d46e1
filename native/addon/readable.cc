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
  // Fails only for a handle that is closing. An error condition counts as input: reading names it.
  uv_poll_start(&self->handle_, UV_READABLE | UV_DISCONNECT,
                [](uv_poll_t* handle, int, int) { static_cast<readable*>(handle->data)->on_input_(); });
  return self;
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
