#pragma once

#include <napi.h>

#include "ipc/log_record.h"

namespace procpool::addon {

/// A log record as lib/native.ts declares it. It has to be well-formed: ipc/record_check.h.
Napi::Object to_js(Napi::Env env, const ipc::log_record& record);

}  // namespace procpool::addon
