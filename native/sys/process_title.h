#pragma once

#include <string>
#include <string_view>

/// What ps(1) and top(1) show as a process's command line: the memory that argv was in at the exec, which a process
/// may write to. Everybody on the machine may read it.
namespace procpool::sys {

/// Room for titles, which the process that execs another gives it as the first variable of its environment.
std::string title_room();

/// Once, in main(). Without title_room(), as in a process started by hand, nothing is reserved.
void reserve_title(int argc, char** argv);

/// Shows `procpool-native: ` and `role`, cut to the room there is, for this process and what it forks from now on. Does
/// nothing where nothing is reserved.
void set_title(std::string_view role);

}  // namespace procpool::sys
