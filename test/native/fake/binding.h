#pragma once

#include "bind.h"

/// What native/ makes of the fake kernel's answers. addon.ts declares what is here.
namespace procpool::testing {

void show_control(Napi::Object exports);
void show_deadlines(Napi::Object exports);
void show_worker_channels(Napi::Object exports);

}  // namespace procpool::testing
