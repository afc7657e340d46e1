#pragma once

#include <cstdint>

/// Which of the bodies that are not complete comes the slowest. A body's pace is how long its last `step_bytes` have
/// taken, and counts anew with each such step, so that lists in the order of the steps have the slowest first. Pure:
/// the caller passes the time.
namespace procpool::worker::pace {

constexpr std::uint64_t step_bytes = 1 << 16;

/// Who has not taken a step for so long is slow.
constexpr std::uint64_t slow_ns = 250'000'000;

/// A body's link in one of the lists, which it leaves when it is destroyed.
class entry {
 public:
  entry() = default;
  ~entry() { leave(); }
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;

  /// To be told of what comes. True: it has begun, or taken a step, and is to be appended to a list.
  bool advance(std::uint64_t bytes) {
    const bool step = bytes >= step_left_;
    if (!step) step_left_ -= bytes;
    return step;
  }

  void leave() {
    before_->after_ = after_;
    after_->before_ = before_;
    before_ = after_ = this;
    step_left_ = 0;
  }

 private:
  friend class list;

  entry* before_ = this;
  entry* after_ = this;
  std::uint64_t step_ns_ = 0;    // when its last step was complete
  std::uint64_t step_left_ = 0;  // bytes that its next one wants; 0: it has not begun
};

class list {
 public:
  /// Behind all others, whichever list it was in: it has just taken a step.
  void append(entry& added, std::uint64_t now_ns) {
    added.leave();
    added.before_ = head_.before_;
    added.after_ = &head_;
    added.before_->after_ = added.after_->before_ = &added;
    added.step_ns_ = now_ns;
    added.step_left_ = step_bytes;
  }

  /// The first but for `other`, if it has been for as long as that; none otherwise.
  [[nodiscard]] entry* slowest(std::uint64_t now_ns, const entry* other) const {
    entry* const first = head_.after_ == other ? other->after_ : head_.after_;
    return first != &head_ && now_ns - first->step_ns_ >= slow_ns ? first : nullptr;
  }

  /// The first, whenever it came.
  [[nodiscard]] entry* first() const { return head_.after_ == &head_ ? nullptr : head_.after_; }

 private:
  entry head_;
};

}  // namespace procpool::worker::pace
