#include "sys/process_title.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace procpool::sys {
namespace {

constexpr const char* room_variable = "PROCPOOL_TITLE";
// Enough for the path of a Unix socket.
constexpr std::size_t room_size = 255;
constexpr std::string_view prefix = "procpool-native: ";

// From argv[0] to the end of the variable. The last byte is always NUL.
std::span<char> room;

}  // namespace

std::string title_room() { return std::string(room_variable) + "=" + std::string(room_size, ' '); }

// The kernel puts the environment right behind the arguments. Where the NUL that ends these is overwritten, it shows
// one string from argv[0] to the first NUL (fs/proc/base.c, get_mm_cmdline), and so does every older kernel, but only
// if it ends in the environment: with the room in argv, Linux 4.18 to 5.2 would go on to the first variable.
void reserve_title(int argc, char** argv) {
  if (argc != 1 || environ == nullptr) return;
  char* const behind = argv[0] + std::string_view(argv[0]).size() + 1;
  const std::string variable = title_room();
  if (environ[0] != behind || behind != variable) return;
  room = {argv[0], behind + variable.size() + 1};
  ::unsetenv(room_variable);
}

void set_title(std::string_view role) {
  if (room.empty()) return;
  const std::string title = std::string(prefix).append(role).substr(0, room.size() - 1);
  // In this order, a reader finds some title at any moment.
  const auto rest = std::copy(title.begin(), title.end(), room.begin());
  std::fill(rest, room.end(), '\0');
}

}  // namespace procpool::sys
