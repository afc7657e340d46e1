#pragma once

#include <napi.h>

#include "ipc/stats_page.h"

namespace procpool::addon {

/// The pool's counters as lib/native.ts declares them: every slot that was ever used.
Napi::Object to_js(Napi::Env env, const ipc::pool_page& page);

}  // namespace procpool::addon
