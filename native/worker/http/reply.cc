#include "worker/http/reply.h"

#include <algorithm>
#include <array>

namespace procpool::worker::http {
namespace {

struct status_entry {
  int status;
  std::string_view name;
};

constexpr std::array<status_entry, 14> statuses{{
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

constexpr std::string_view retry_seconds = "5";

std::string_view name_of(int status) {
  const auto* const found = std::find_if(statuses.begin(), statuses.end(),
                                         [status](const status_entry& entry) { return entry.status == status; });
  return found == statuses.end() ? "Error" : found->name;
}

void field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

void cross_origin(std::string& text, const reply& answer) {
  if (answer.origin.empty()) return;
  field(text, "Access-Control-Allow-Origin", answer.origin);
  if (answer.origin != "*") field(text, "Vary", "Origin");
  if (!answer.preflight) return;
  field(text, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT");
  field(text, "Access-Control-Allow-Headers", "*, Authorization");
  field(text, "Access-Control-Max-Age", "86400");
}

}  // namespace

// IMF-fixdate, RFC 9110 section 5.6.7; the C locale is the only one a worker has.
std::string_view date_field::at(std::time_t now) {
  std::tm parts{};
  std::array<char, 32> line{};
  if (now == written_ || gmtime_r(&now, &parts) == nullptr) return text_;
  const std::size_t size = std::strftime(line.data(), line.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  text_.clear();
  field(text_, "Date", {line.data(), size});
  written_ = now;
  return text_;
}

void write(std::string& text, const reply& answer, std::string_view date) {
  text.append("HTTP/1.1 ")
      .append(std::to_string(answer.status))
      .append(" ")
      .append(name_of(answer.status))
      .append("\r\n");
  text.append(date);
  if (answer.close) field(text, "Connection", "close");
  if (!answer.close && answer.http_1_0) field(text, "Connection", "keep-alive");
  if (answer.status == 405 || answer.options) field(text, "Allow", "GET, HEAD, OPTIONS, POST, PUT");
  if (answer.status == 415) field(text, "Accept-Encoding", "identity");
  if (answer.status == 503) field(text, "Retry-After", retry_seconds);
  cross_origin(text, answer);
  if (answer.status == 204) {
    text.append("\r\n");
    return;
  }
  std::string content(answer.content);
  if (content.empty()) content.append(answer.why.empty() ? name_of(answer.status) : answer.why).append("\n");
  field(text, "Content-Type", answer.type);
  field(text, "Content-Length", std::to_string(content.size()));
  text.append("\r\n");
  if (!answer.head_only) text.append(content);
}

}  // namespace procpool::worker::http
