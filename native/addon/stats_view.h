#pragma once

#include <napi.h>

#include <cstdint>

#include "ipc/stats_page.h"

namespace procpool::addon {

/// The pool's counters as lib/native.ts declares them: every slot that was ever used.
/// `malformed_records`: log records that the host refused.
Napi::Object to_js(Napi::Env env, const ipc::pool_page& page, std::uint64_t malformed_records);

}  // namespace procpool::addon
