#pragma once

#include <cstring>
#include <stdexcept>
#include <string>

#include "sys/syscalls.h"

namespace procpool::sys {

/// A system call that failed while something was being set up: the errno and the call's name.
/// The only exception type of native/; the loops handle errno by name and never throw it.
class sys_error : public std::runtime_error {
 public:
  sys_error(const char* call, int number)
      : std::runtime_error(std::string(call) + ": " + std::strerror(number)), call_(call), number_(number) {}

  [[nodiscard]] const char* call() const { return call_; }
  [[nodiscard]] int number() const { return number_; }

 private:
  const char* call_;
  int number_;
};

/// Passes a successful result on and throws sys_error for a failed one.
inline int check(const char* call, result value) {
  if (value < 0) throw sys_error(call, static_cast<int>(-value));
  return static_cast<int>(value);
}

}  // namespace procpool::sys
