#include <algorithm>
#include <stdexcept>

#include "bind.h"
#include "worker/http/parser.h"

namespace procpool::testing {

using worker::http::limits;
using worker::http::parser;
using worker::http::request;
using worker::http::step;
using worker::http::target;

template <>
constexpr std::array names<worker::http::method>{"GET", "HEAD", "POST", "PUT", "OPTIONS", "other"};
template <>
constexpr std::array names<target>{"/healthz", "/stats", "*", "other"};
template <>
constexpr std::array names<step>{"more", "head", "body", "done", "failed"};

template <>
struct js<request> {
  static Napi::Value to(Napi::Env env, const request& known) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("method", js<worker::http::method>::to(env, known.method));
    object.Set("target", js<target>::to(env, known.target));
    object.Set("http10", known.http_1_0);
    object.Set("keepAlive", known.keep_alive);
    object.Set("expectsContinue", known.expects_continue);
    object.Set("hasLength", known.has_length);
    object.Set("chunked", known.chunked);
    object.Set("encoded", known.encoded);
    object.Set("preflight", known.preflight);
    object.Set("length", js<std::uint64_t>::to(env, known.length));
    return object;
  }
};

namespace {

/// What one call of next() gave.
struct event {
  step what;
  std::optional<request> head;
  std::optional<std::vector<char>> data;
};

}  // namespace

template <>
struct js<event> {
  static Napi::Value to(Napi::Env env, const event& parsed) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("step", js<step>::to(env, parsed.what));
    if (parsed.head) object.Set("head", js<request>::to(env, *parsed.head));
    if (parsed.data) object.Set("data", Napi::Buffer<char>::Copy(env, parsed.data->data(), parsed.data->size()));
    return object;
  }
};

namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// A parser, and what it must keep to however it is fed.
class fed_parser {
 public:
  explicit fed_parser(const limits& limit) : limits_(limit), parser_(limits_) {}

  /// Every event up to `more` or `failed`, without `more`. The input is a copy of its very size, so
  /// that nothing can be read behind it unnoticed.
  std::vector<event> feed(std::span<const std::uint8_t> bytes) {
    const std::vector<char> piece(bytes.begin(), bytes.end());
    const char* from = piece.data();
    const char* const to = from + piece.size();
    std::vector<event> events;
    for (;;) {
      const char* const before = from;
      const step what = parser_.next(from, to);
      require(before <= from && from <= to, "moved out of its input");
      require(what != step::more || from == to, "left some of its input");
      consumed_ += static_cast<std::uint64_t>(from - before);
      if (what == step::more) return events;
      events.push_back({what, {}, {}});
      if (what == step::head) events.back().head = parser_.current();
      if (what == step::body) events.back().data = body(before, from);
      if (what == step::failed) return events;
      require(events.size() <= 3 * piece.size() + 2, "goes round in circles");
    }
  }

  [[nodiscard]] const parser& get() const { return parser_; }
  [[nodiscard]] parser& get() { return parser_; }
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }

 private:
  [[nodiscard]] std::vector<char> body(const char* before, const char* after) const {
    const std::span<const char> data = parser_.data();
    require(!data.empty(), "gave an empty piece");
    require(before <= data.data() && data.data() + data.size() == after, "gave what it did not read");
    return {data.begin(), data.end()};
  }

  limits limits_;
  parser parser_;
  std::uint64_t consumed_ = 0;
};

void show_parser(Napi::Object object, const std::shared_ptr<fed_parser>& self) {
  method(object, "feed", [self](std::span<const std::uint8_t> bytes) { return self->feed(bytes); });
  method(object, "skip", [self](std::uint64_t bytes) { self->get().skip(bytes); });
  method(object, "reset", [self] { self->get().reset(); });
  property(object, "current", [self] { return self->get().current(); });
  property(object, "status", [self] { return self->get().refused().status; });
  property(object, "why", [self] { return std::string(self->get().refused().why); });
  property(object, "started", [self] { return self->get().started(); });
  property(object, "remaining", [self] { return self->get().remaining(); });
  property(object, "consumed", [self] { return self->consumed(); });
}

template <typename T>
void replace(T& limit, const Napi::Object& given, const char* name) {
  if (given.Has(name)) limit = js<T>::from(given.Get(name));
}

limits limits_from(const Napi::Value& given) {
  limits result;
  if (!given.IsObject()) return result;
  const auto object = given.As<Napi::Object>();
  replace(result.target_bytes, object, "targetBytes");
  replace(result.head_bytes, object, "headBytes");
  replace(result.headers, object, "headers");
  replace(result.body_bytes, object, "bodyBytes");
  return result;
}

}  // namespace

void show_http_parser(Napi::Object exports) {
  constructor(
      exports, "HttpParser",
      [](const Napi::CallbackInfo& info) { return std::make_shared<fed_parser>(limits_from(info[0])); }, show_parser);
}

}  // namespace procpool::testing
