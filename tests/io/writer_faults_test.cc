// SPDX-License-Identifier: Apache-2.0
// Every call of the write protocol fails once or is the last of its process.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>

#include "lade/io/file_memory.h"
#include "lade/io/writer.h"
#include "tests/testing/faulty_files.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

using testing::Call;
using testing::FaultPlan;
using testing::FaultyFiles;
using testing::slurp;
using testing::spill;
using testing::TemporaryDirectory;

const std::string kOld = "old contents";
const std::string kNew = std::string(300'000, 'n') + "end";  // two writes and a rest

void write_one(Files& files, const std::string& path, bool overwrite) {
  AtomicFile file(path, {.overwrite = overwrite, .files = &files, .sweep_after_s = 0});
  file.write(std::string_view(kNew).substr(0, 290'000));
  file.write(std::string_view(kNew).substr(290'000));
  file.commit();
}

// Three files and one that is written last.
void write_directory(Files& files, const std::string& path, bool overwrite) {
  AtomicDirectory out(path, {.overwrite = overwrite, .files = &files});
  for (const char* name : {"a", "sub/b", "sub/c", "_lade/manifest.json"}) {
    AtomicFile file = out.file(name);
    file.write(kNew);
    file.commit();
  }
  out.commit();
}

bool is_new_directory(Files& files, const std::string& path) {
  for (const char* name : {"a", "sub/b", "sub/c", "_lade/manifest.json"}) {
    if (read_all(files, join(path, name), 1 << 20) != kNew) return false;
  }
  return !files.exists(join(path, "old"));
}

struct Outcome {
  bool threw = false;
  bool fired = false;
};

Outcome attempt(MemoryFiles& memory, const FaultPlan& plan,
                const std::function<void(Files&)>& write) {
  FaultyFiles faulty(memory, plan);
  Outcome outcome;
  try {
    write(faulty);
  } catch (const IoError& error) {
    outcome.threw = true;
    EXPECT_EQ(error.error_number(), plan.error_number) << error.what();
    EXPECT_FALSE(error.path().empty());
  }
  outcome.fired = faulty.fired();
  return outcome;
}

bool has_temporary(Files& files, const std::string& directory) {
  for (const std::string& name : files.list(directory)) {
    if (name.starts_with(".lade-tmp.") || name.ends_with(".lade-part")) return true;
  }
  return false;
}

constexpr int kErrors[] = {EIO, ENOSPC, EDQUOT, EINTR, EAGAIN, EACCES};

class OneFault : public ::testing::TestWithParam<bool> {};

TEST_P(OneFault, LeavesAFileOldOrNewAndNoTemporary) {
  const bool overwrite = GetParam();
  for (const int error : kErrors) {
    for (int n = 1;; ++n) {
      MemoryFiles memory;
      if (overwrite) memory.put("d/f", kOld);
      if (!overwrite) memory.make_directory("d");
      const FaultPlan plan{.at = n, .error_number = error, .write_first = 7};
      const Outcome outcome = attempt(
          memory, plan, [&](Files& files) { write_one(files, "d/f", overwrite); });
      if (!outcome.fired) break;
      const bool is_new = memory.exists("d/f") && memory.contents("d/f") == kNew;
      const bool is_old =
          overwrite ? memory.contents("d/f") == kOld : !memory.exists("d/f");
      EXPECT_TRUE(is_new || is_old) << "call " << n;
      EXPECT_TRUE(is_new || outcome.threw) << "call " << n;
      EXPECT_FALSE(has_temporary(memory, "d")) << "call " << n;
      ASSERT_LT(n, 1000);
    }
  }
}

TEST_P(OneFault, LeavesADirectoryOldOrNew) {
  const bool overwrite = GetParam();
  for (int n = 1;; ++n) {
    MemoryFiles memory;
    memory.put("d/keep", "");
    if (overwrite) memory.put("d/set/old", kOld);
    const FaultPlan plan{.at = n, .error_number = ENOSPC};
    const Outcome outcome = attempt(memory, plan, [&](Files& files) {
      write_directory(files, "d/set", overwrite);
    });
    if (!outcome.fired) break;
    const bool is_old = overwrite
                            ? memory.exists("d/set/old") && !memory.exists("d/set/a")
                            : !memory.exists("d/set");
    const bool is_new = !is_old && is_new_directory(memory, "d/set");
    EXPECT_TRUE(is_new || is_old) << "call " << n;
    EXPECT_TRUE(is_new || outcome.threw) << "call " << n;
    // A later writer must not be stopped by what is left.
    write_directory(memory, "d/set", true);
    EXPECT_TRUE(is_new_directory(memory, "d/set"));
    EXPECT_FALSE(has_temporary(memory, "d"));
    ASSERT_LT(n, 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(WriteProtocol, OneFault, ::testing::Bool(),
                         [](const auto& which) {
                           return which.param ? "overwriting" : "fresh";
                         });

TEST(WriteProtocol, FailedSyncIsFinal) {
  MemoryFiles memory;
  memory.put("d/f", kOld);
  FaultyFiles faulty(memory, {.kinds = {Call::sync}, .at = 1, .error_number = EIO});
  AtomicFile file("d/f", {.overwrite = true, .files = &faulty});
  file.write(kNew);
  EXPECT_THROW(file.commit(), IoError);
  EXPECT_THROW(file.commit(), IoError);  // not synced again and believed
  EXPECT_EQ(memory.contents("d/f"), kOld);
}

TEST(WriteProtocol, ReportsTheFirstErrorWhenEverythingFailsAfterIt) {
  MemoryFiles memory;
  memory.make_directory("d");
  FaultyFiles faulty(memory, {.kinds = {Call::write, Call::unlink},
                              .at = 2,
                              .error_number = EDQUOT,
                              .for_good = true});
  try {
    write_one(faulty, "d/f", false);
    FAIL() << "not reported";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("writing"), std::string::npos);
    EXPECT_EQ(error.error_number(), EDQUOT);
  }
  EXPECT_FALSE(memory.exists("d/f"));
}

TEST(WriteProtocol, SyncsFileThenNameThenDirectory) {
  MemoryFiles memory;
  memory.make_directory("d");
  FaultyFiles counting(memory, {});
  write_one(counting, "d/f", false);
  std::vector<Call> order;
  for (const Call call : counting.made()) {
    if (call == Call::write || call == Call::sync || call == Call::rename ||
        call == Call::sync_directory) {
      order.push_back(call);
    }
  }
  EXPECT_EQ(order, (std::vector<Call>{Call::write, Call::write, Call::write, Call::sync,
                                      Call::rename, Call::sync_directory}));
}

// Runs `body` in a child; the signal or exit code it ended with.
int status_of_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      body();
    } catch (const std::exception&) {
      ::_exit(3);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(WriteProtocol, KillAtEveryCallLeavesAFileOldOrNew) {
  const TemporaryDirectory dir;
  int killed = 0;
  for (const bool in_the_middle : {false, true}) {
    for (int n = 1;; ++n) {
      spill(dir / "f", kOld);
      FaultPlan plan{.at = n, .kill = true};
      if (in_the_middle) {
        plan.kinds = {Call::write};
        plan.write_first = 1000;
      }
      const int status = status_of_child([&] {
        FaultyFiles faulty(real_files(), plan);
        write_one(faulty, dir / "f", true);
      });
      if (status == 0) break;
      ASSERT_EQ(status, -SIGKILL);
      ++killed;
      const std::string now = slurp(dir / "f");
      EXPECT_TRUE(now == kOld || now == kNew) << "call " << n;
      write_one(real_files(), dir / "f", true);  // sweeps what the dead one left
      EXPECT_EQ(slurp(dir / "f"), kNew);
      EXPECT_EQ(real_files().list(dir.path()), std::vector<std::string>{"f"})
          << "call " << n;
    }
  }
  EXPECT_GE(killed, 18);
}

TEST(WriteProtocol, KillAtEveryCallLeavesADirectoryOldOrNew) {
  const TemporaryDirectory dir;
  int killed = 0;
  for (int n = 1;; ++n) {
    std::filesystem::remove_all(dir / "set");
    std::filesystem::create_directory(dir / "set");
    spill(dir / "set/old", kOld);
    const int status = status_of_child([&] {
      FaultyFiles faulty(real_files(), {.at = n, .kill = true});
      write_directory(faulty, dir / "set", true);
    });
    if (status == 0) break;
    ASSERT_EQ(status, -SIGKILL);
    ++killed;
    const bool is_old = std::filesystem::exists(dir / "set/old");
    EXPECT_TRUE(is_old ? real_files().list(dir / "set").size() == 1
                       : is_new_directory(real_files(), dir / "set"))
        << "call " << n;
    write_directory(real_files(), dir / "set", true);
    EXPECT_TRUE(is_new_directory(real_files(), dir / "set"));
    EXPECT_EQ(real_files().list(dir.path()), std::vector<std::string>{"set"})
        << "call " << n;
  }
  EXPECT_GE(killed, 66);
}

TEST(WriteProtocol, FileSizeLimitLeavesTheOldFile) {
  const TemporaryDirectory dir;
  spill(dir / "f", kOld);
  const int status = status_of_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};  // a short write first, EFBIG next
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_one(real_files(), dir / "f", true);
    } catch (const IoError& error) {
      const std::string text = error.what();
      const bool named = text.find(dir.path()) != std::string::npos &&
                         text.find("290000 bytes") != std::string::npos;
      ::_exit(error.error_number() == EFBIG && named ? 9 : 1);
    }
  });
  EXPECT_EQ(status, 9);
  EXPECT_EQ(slurp(dir / "f"), kOld);
  EXPECT_EQ(real_files().list(dir.path()), std::vector<std::string>{"f"});
}

}  // namespace
}  // namespace lade::io
