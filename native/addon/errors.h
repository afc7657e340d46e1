#pragma once

#include <napi.h>

#include <string>

#include "sys/sys_error.h"

namespace procpool::addon {

/// A failed system call as Node shows its own: message, code, errno (negative), syscall.
/// `subject` ends the message: the address or the path.
Napi::Error to_js(Napi::Env env, const sys::sys_error& failure, const std::string& subject = "");

}  // namespace procpool::addon
