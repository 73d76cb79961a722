// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/faulty_files.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace lade::testing {
namespace {

class FaultyFile final : public io::File {
 public:
  FaultyFile(std::unique_ptr<io::File> inner, FaultyFiles& files)
      : inner_(std::move(inner)), files_(files) {
    bytes_ = inner_->bytes();
  }
  void read_at(Index offset, std::span<std::byte> out) const override {
    files_.pass(Call::read, path());
    inner_->read_at(offset, out);
  }
  void write(std::span<const std::byte> bytes) override {
    if (files_.fails(Call::write)) {
      const auto first = std::min<Index>(files_.plan().write_first.value_or(0),
                                         static_cast<Index>(bytes.size()));
      inner_->write(bytes.first(static_cast<std::size_t>(first)));
      if (files_.plan().kill) ::kill(::getpid(), SIGKILL);
      throw IoError(path(), files_.plan().error_number,
                    "writing " + std::to_string(bytes.size()) + " bytes");
    }
    inner_->write(bytes);
  }
  void sync() override {
    files_.pass(Call::sync, path());
    inner_->sync();
  }
  void set_mode(std::uint32_t mode) override {
    files_.pass(Call::set_mode, path());
    inner_->set_mode(mode);
  }
  // A close that fails has closed all the same.
  void close() override {
    const bool fails = files_.fails(Call::close);
    inner_->close();
    if (fails) throw IoError(path(), files_.plan().error_number, "closing");
  }
  bool try_lock() override {
    files_.pass(Call::try_lock, path());
    return inner_->try_lock();
  }
  io::FileStat stat() const override {
    files_.pass(Call::file_stat, path());
    return inner_->stat();
  }
  const std::string& path() const override { return inner_->path(); }

 private:
  std::unique_ptr<io::File> inner_;
  FaultyFiles& files_;
};

}  // namespace

bool FaultyFiles::fails(Call call) {
  made_.push_back(call);
  if (!plan_.kinds.empty() && !plan_.kinds.contains(call)) return false;
  ++calls_;
  const bool now =
      plan_.at != 0 && (calls_ == plan_.at || (plan_.for_good && calls_ > plan_.at));
  if (!now) return false;
  fired_ = true;
  if (plan_.kill && !(call == Call::write && plan_.write_first))
    ::kill(::getpid(), SIGKILL);
  return true;
}

void FaultyFiles::pass(Call call, const std::string& path) {
  if (fails(call)) throw IoError(path, plan_.error_number, "by plan");
}

std::unique_ptr<io::File> FaultyFiles::open(const std::string& path,
                                            io::OpenMode mode) {
  pass(Call::open, path);
  return std::make_unique<FaultyFile>(inner_.open(path, mode), *this);
}
io::FileStat FaultyFiles::stat(const std::string& path) {
  pass(Call::stat, path);
  return inner_.stat(path);
}
bool FaultyFiles::exists(const std::string& path) {
  pass(Call::exists, path);
  return inner_.exists(path);
}
std::string FaultyFiles::resolve(const std::string& path) {
  pass(Call::resolve, path);
  return inner_.resolve(path);
}
std::vector<std::string> FaultyFiles::list(const std::string& directory) {
  pass(Call::list, directory);
  return inner_.list(directory);
}
void FaultyFiles::make_directory(const std::string& path) {
  pass(Call::make_directory, path);
  inner_.make_directory(path);
}
void FaultyFiles::rename(const std::string& from, const std::string& to, bool replace) {
  pass(Call::rename, to);
  inner_.rename(from, to, replace);
}
void FaultyFiles::exchange(const std::string& a, const std::string& b) {
  pass(Call::exchange, b);
  inner_.exchange(a, b);
}
void FaultyFiles::link(const std::string& from, const std::string& to) {
  pass(Call::link, to);
  inner_.link(from, to);
}
void FaultyFiles::unlink(const std::string& path) {
  pass(Call::unlink, path);
  inner_.unlink(path);
}
void FaultyFiles::remove_directory(const std::string& path) {
  pass(Call::remove_directory, path);
  inner_.remove_directory(path);
}
void FaultyFiles::sync_directory(const std::string& path) {
  pass(Call::sync_directory, path);
  inner_.sync_directory(path);
}

}  // namespace lade::testing
