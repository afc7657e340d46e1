#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "event/poller.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/stats_page.h"
#include "supervisor/control.h"
#include "supervisor/supervisor_loop.h"
#include "sys/sys_error.h"

namespace procpool {
namespace {

constexpr int exit_usage = 2;

/// Descriptors of the host that were not close-on-exec must not leak into the pool.
void close_inherited() {
  constexpr std::array<int, 1> kept{ipc::control_fd};
  sys::close_from(ipc::control_fd, kept);
}

int run(ipc::channel host_channel) {
  ipc::pool_config config{};
  std::array<sys::unique_fd, 3> descriptors;
  if (!host_channel.receive_with_descriptors(&config, sizeof config, descriptors)) return EXIT_FAILURE;
  auto& [listener, page_file, log_channel] = descriptors;
  const ipc::stats_page page(page_file.get());
  page_file.reset();
  sys::set_title(std::string("supervisor ") + config.address);

  event::poller poller;  // outlives the loop, as the control channel does, which is watched by it
  supervisor::control host(std::move(host_channel), page->log_dropped);
  try {
    sys::check("setrlimit", sys::raise_descriptor_limit());
    return supervisor::supervisor_loop(config, *page, poller, host, std::move(listener), std::move(log_channel)).run();
  } catch (const sys::sys_error& failure) {
    host.write(ipc::log_event::fail, ipc::describe(failure));
    host.deliver_all();
    return EXIT_FAILURE;
  }
}

}  // namespace
}  // namespace procpool

int main(int argc, char** argv) {
  using namespace procpool;
  sys::reserve_title(argc, argv);
  sys::name_process("procpool-super");
  struct stat status {};
  if (sys::file_status(ipc::control_fd, status) < 0 || !S_ISSOCK(status.st_mode)) {
    std::fputs("procpool-supervisor: is started by procpool-native, not by hand\n", stderr);
    return exit_usage;
  }
  close_inherited();
  try {
    return run(ipc::channel(sys::unique_fd(ipc::control_fd)));
  } catch (const sys::sys_error& failure) {
    std::fprintf(stderr, "procpool-supervisor: %s\n", failure.what());
    return EXIT_FAILURE;
  }
}
