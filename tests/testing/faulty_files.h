// SPDX-License-Identifier: Apache-2.0
// Files that fail on order, or die, so that every call of a protocol can be the last.
#pragma once

#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lade/io/file.h"

namespace lade::testing {

enum class Call {
  open,
  read,
  write,
  sync,
  set_mode,
  close,
  try_lock,
  file_stat,
  stat,
  exists,
  resolve,
  list,
  make_directory,
  rename,
  exchange,
  link,
  unlink,
  remove_directory,
  sync_directory
};

/// What goes wrong. Calls are counted from 1 over all kinds in `kinds` (empty = all).
struct FaultPlan {
  std::set<Call> kinds = {};
  int at = 0;  // 0 = nothing, only counting
  int error_number = EIO;
  bool for_good = false;                  // this and every later call
  std::optional<Index> write_first = {};  // a failing write puts this many bytes first
  bool kill = false;                      // SIGKILL instead of an error
};

/// Passes every call on to `inner`, except those that the plan lets fail.
class FaultyFiles final : public io::Files {
 public:
  FaultyFiles(io::Files& inner, FaultPlan plan)
      : inner_(inner), plan_(std::move(plan)) {}

  int calls() const { return calls_; }  // of the kinds in the plan
  bool fired() const { return fired_; }
  const std::vector<Call>& made() const { return made_; }

  std::unique_ptr<io::File> open(const std::string& path, io::OpenMode mode) override;
  io::FileStat stat(const std::string& path) override;
  bool exists(const std::string& path) override;
  std::string resolve(const std::string& path) override;
  std::vector<std::string> list(const std::string& directory) override;
  void make_directory(const std::string& path) override;
  void rename(const std::string& from, const std::string& to, bool replace) override;
  void exchange(const std::string& a, const std::string& b) override;
  void link(const std::string& from, const std::string& to) override;
  void unlink(const std::string& path) override;
  void remove_directory(const std::string& path) override;
  void sync_directory(const std::string& path) override;
  std::uint32_t default_mode() override { return inner_.default_mode(); }

  /// Counts the call; true if it has to fail. Kills the process if the plan says so.
  bool fails(Call call);
  /// Throws IoError if this call has to fail.
  void pass(Call call, const std::string& path);
  const FaultPlan& plan() const { return plan_; }

 private:
  io::Files& inner_;
  FaultPlan plan_;
  int calls_ = 0;
  bool fired_ = false;
  std::vector<Call> made_;
};

}  // namespace lade::testing
