#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// Which bytes may stand where in HTTP. Every check is one look-up in a table that the compiler fills.
namespace procpool::worker::http::chars {

using table = std::array<bool, 256>;

template <typename Predicate>
constexpr table where(Predicate holds) {
  table result{};
  for (std::size_t byte = 0; byte < result.size(); ++byte) result[byte] = holds(static_cast<int>(byte));
  return result;
}

constexpr bool between(int byte, int first, int last) { return first <= byte && byte <= last; }

constexpr bool any_of(int byte, const char* list) {
  for (; *list != '\0'; ++list)
    if (byte == *list) return true;
  return false;
}

constexpr bool alphanumeric(int byte) {
  return between(byte, '0', '9') || between(byte, 'A', 'Z') || between(byte, 'a', 'z');
}

/// tchar, RFC 9110 section 5.6.2.
inline constexpr table token = where([](int byte) { return alphanumeric(byte) || any_of(byte, "!#$%&'*+-.^_`|~"); });

/// What a field value consists of, white space included: RFC 9110 section 5.5. Also what a quoted-pair quotes.
inline constexpr table field_value = where([](int byte) { return byte == '\t' || (byte >= ' ' && byte != 0x7f); });

/// qdtext, RFC 9110 section 5.6.4.
inline constexpr table quoted =
    where([](int byte) { return field_value[static_cast<std::size_t>(byte)] && byte != '"' && byte != '\\'; });

/// A request target: visible, and without a fragment.
inline constexpr table target = where([](int byte) { return between(byte, '!', '~') && byte != '#'; });

/// The same up to a query.
inline constexpr table path = where([](int byte) { return target[static_cast<std::size_t>(byte)] && byte != '?'; });

/// reg-name and IPv4address, RFC 3986 section 3.2.2. No "@": that would end userinfo.
inline constexpr table host = where([](int byte) { return alphanumeric(byte) || any_of(byte, "-._~%!$&'()*+,;="); });

/// The inside of an IP-literal, RFC 3986 section 3.2.2 and RFC 6874.
inline constexpr table literal = where([](int byte) { return host[static_cast<std::size_t>(byte)] || byte == ':'; });

constexpr bool in(const table& set, char byte) { return set[static_cast<unsigned char>(byte)]; }

/// The first byte that is not in the set, or `to`.
inline const char* skip(const table& set, const char* from, const char* to) {
  while (from != to && in(set, *from)) ++from;
  return from;
}

constexpr bool digit(char byte) { return between(byte, '0', '9'); }

constexpr bool white(char byte) { return byte == ' ' || byte == '\t'; }

constexpr char lower(char byte) { return between(byte, 'A', 'Z') ? static_cast<char>(byte + ('a' - 'A')) : byte; }

/// -1: not a hexadecimal digit.
constexpr int hexadecimal(char byte) {
  if (digit(byte)) return byte - '0';
  return between(lower(byte), 'a', 'f') ? lower(byte) - 'a' + 10 : -1;
}

}  // namespace procpool::worker::http::chars
