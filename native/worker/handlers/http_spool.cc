#include "worker/handlers/http_spool.h"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "sys/syscalls.h"

namespace procpool::worker {
namespace {

const char* folder() {
  const char* const given = std::getenv("TMPDIR");
  return given != nullptr && *given != '\0' ? given : "/tmp";
}

}  // namespace

spooled_file::spooled_file(spooled_file&& other) noexcept
    : fd_(std::move(other.fd_)), spool_(std::exchange(other.spool_, nullptr)), size_(std::exchange(other.size_, 0)) {}

spooled_file& spooled_file::operator=(spooled_file&& other) noexcept {
  if (this == &other) return *this;
  clear();
  fd_ = std::move(other.fd_);
  spool_ = std::exchange(other.spool_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

sys::result spooled_file::append(http_spool& spool, std::span<const char> data) {
  if (data.size() > spool.max_bytes_ - spool.bytes_) return -ENOSPC;
  if (!fd_) {
    const sys::result opened = open(spool);
    if (opened < 0) return opened;
  }
  const sys::result written = sys::write(fd_.get(), data.data(), data.size());
  if (written <= 0) return written == 0 ? -ENOSPC : written;
  size_ += static_cast<std::uint64_t>(written);
  spool.bytes_ += static_cast<std::uint64_t>(written);
  return written;
}

sys::result spooled_file::open(http_spool& spool) {
  if (spool.files_ == http_spool::max_files) return -EMFILE;
  const sys::result fd = sys::open_unnamed(folder());
  if (fd < 0) return fd;
  fd_.reset(static_cast<int>(fd));
  spool_ = &spool;
  ++spool.files_;
  return 0;
}

void spooled_file::adopt(http_spool& spool, int fd, std::uint64_t size) {
  fd_.reset(fd);
  spool_ = &spool;
  ++spool.files_;
  size_ = size;
  spool.bytes_ += size;
}

sys::result spooled_file::read(std::uint64_t at, std::span<char> into) const {
  return sys::read_at(fd_.get(), into.data(), into.size(), at);
}

void spooled_file::clear() {
  if (!fd_) return;
  fd_.reset();
  spool_->bytes_ -= std::exchange(size_, 0);
  --spool_->files_;
}

}  // namespace procpool::worker
