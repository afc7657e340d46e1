#include "bind.h"

/// The pure classes of native/ alone, for the tests beside this file. addon.ts declares what is here.
namespace procpool::testing {
namespace {

Napi::Object initialize(Napi::Env, Napi::Object exports) {
  show_pool(exports);
  show_connections(exports);
  show_output(exports);
  show_pacer(exports);
  show_records(exports);
  show_cycle_check(exports);
  show_record_writer(exports);
  show_descriptors(exports);
  show_event_tag(exports);
  show_signals(exports);
  show_takeover(exports);
  show_timer_wheel(exports);
  show_http_parser(exports);
  return exports;
}

NODE_API_MODULE(procpool_testing, initialize)

}  // namespace
}  // namespace procpool::testing
