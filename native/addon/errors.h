#pragma once

#include <napi.h>

#include <string>

#include "addon/listener.h"
#include "sys/sys_error.h"

namespace procpool::addon {

/// A failed system call as Node shows its own: message, code, errno (negative), syscall.
/// `subject` ends the message: the address or the path.
Napi::Error to_js(Napi::Env env, const sys::sys_error& failure, const std::string& subject = "");

/// The same for a pool that cannot listen there, with address and port.
Napi::Error listen_error(Napi::Env env, const sys::sys_error& failure, const endpoint& where);

}  // namespace procpool::addon
