// SPDX-License-Identifier: Apache-2.0
#include "lade/io/writer.h"

#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lade/core/hash.h"
#include "lade/io/file_memory.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

namespace fs = std::filesystem;
using testing::slurp;
using testing::spill;
using testing::TemporaryDirectory;

std::vector<std::string> names(const std::string& directory) {
  return real_files().list(directory);
}

mode_t mode_of(const std::string& path) {
  struct stat s{};
  return ::stat(path.c_str(), &s) == 0 ? s.st_mode & 07777U : 0;
}

TEST(AtomicFile, GivesTheNameOnlyOnCommit) {
  const TemporaryDirectory dir;
  AtomicFile file(dir / "a.txt");
  file.write("one ");
  file.write(std::string(1 << 20, 'x'));
  EXPECT_FALSE(fs::exists(dir / "a.txt"));
  file.commit();
  EXPECT_EQ(slurp(dir / "a.txt"), "one " + std::string(1 << 20, 'x'));
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryDirectory dir;
  spill(dir / "a.txt", "old");
  {
    AtomicFile(dir / "a.txt", {.overwrite = true}).write("new");
  }
  EXPECT_EQ(slurp(dir / "a.txt"), "old");
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, CountsAndHashesWhatWasWritten) {
  const TemporaryDirectory dir;
  AtomicFile file(dir / "a.txt");
  file.write("some ");
  file.write("bytes");
  EXPECT_EQ(file.written(), 10);
  EXPECT_EQ(file.xxh3(), xxh3_64("some bytes"));
}

TEST(AtomicFile, KeepsTheModeOfTheFileItReplaces) {
  const TemporaryDirectory dir;
  spill(dir / "a.txt", "old");
  ::chmod((dir / "a.txt").c_str(), 0640);
  write_file(dir / "a.txt", "new", {.overwrite = true});
  EXPECT_EQ(slurp(dir / "a.txt"), "new");
  EXPECT_EQ(mode_of(dir / "a.txt"), 0640U);
}

TEST(AtomicFile, NewFilesFollowTheUmask) {
  const TemporaryDirectory dir;
  const mode_t before = ::umask(0027);
  write_file(dir / "a.txt", "new");
  ::umask(before);
  EXPECT_EQ(mode_of(dir / "a.txt"), 0640U);
}

TEST(AtomicFile, ReplacesTheTargetOfASymlinkAndKeepsTheLink) {
  const TemporaryDirectory dir;
  fs::create_directory(dir / "far");
  spill(dir / "far/a.txt", "old");
  fs::create_symlink("far/a.txt", dir / "link");
  write_file(dir / "link", "new", {.overwrite = true});
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_EQ(slurp(dir / "far/a.txt"), "new");
}

TEST(AtomicFile, FillsADanglingSymlink) {
  const TemporaryDirectory dir;
  fs::create_symlink("b.txt", dir / "link");
  write_file(dir / "link", "new");
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_EQ(slurp(dir / "b.txt"), "new");
}

TEST(AtomicFile, RefusesASymlinkLoop) {
  const TemporaryDirectory dir;
  fs::create_symlink("b", dir / "a");
  fs::create_symlink("a", dir / "b");
  try {
    write_file(dir / "a", "new");
    FAIL() << "not refused";
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), ELOOP);
  }
}

TEST(AtomicFile, RefusesAnExistingName) {
  const TemporaryDirectory dir;
  spill(dir / "a.txt", "old");
  EXPECT_THROW(AtomicFile(dir / "a.txt"), ArgumentError);
}

TEST(AtomicFile, RefusesANameThatAppearedMeanwhile) {
  const TemporaryDirectory dir;
  AtomicFile file(dir / "a.txt");
  file.write("new");
  spill(dir / "a.txt", "theirs");
  EXPECT_THROW(file.commit(), ArgumentError);
  EXPECT_EQ(slurp(dir / "a.txt"), "theirs");
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, RefusesAnInputAsTargetUnderAnotherName) {
  const TemporaryDirectory dir;
  spill(dir / "in.csv", "data");
  fs::create_hard_link(dir / "in.csv", dir / "same.csv");
  EXPECT_THROW(
      AtomicFile(dir / "same.csv", {.overwrite = true, .inputs = {dir / "in.csv"}}),
      ArgumentError);
  EXPECT_EQ(slurp(dir / "in.csv"), "data");
}

TEST(AtomicFile, RefusesADirectory) {
  const TemporaryDirectory dir;
  fs::create_directory(dir / "a");
  EXPECT_THROW(AtomicFile(dir / "a", {.overwrite = true}), IoError);
}

TEST(AtomicFile, RefusesWritingAfterCommit) {
  const TemporaryDirectory dir;
  AtomicFile file(dir / "a.txt");
  file.commit();
  EXPECT_THROW(file.write("late"), ArgumentError);
  EXPECT_THROW(file.commit(), ArgumentError);
}

TEST(AtomicFile, RefusesASecondWriterNamingItsProcess) {
  const TemporaryDirectory dir;
  const AtomicFile first(dir / "a.txt");
  try {
    AtomicFile second(dir / "a.txt");
    FAIL() << "not refused";
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), EWOULDBLOCK);
    EXPECT_NE(std::string(error.what()).find(std::to_string(::getpid())),
              std::string::npos);
  }
}

TEST(AtomicFile, TakesOverTheLockOfADeadWriter) {
  const TemporaryDirectory dir;
  spill(dir / ".a.txt.lade-lock", "999999              ");
  write_file(dir / "a.txt", "new");
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"a.txt"});
}

TEST(AtomicFile, WritesTheLongestNames) {
  const TemporaryDirectory dir;
  const std::string name(255, 'n');
  write_file(dir / name, "new");
  EXPECT_EQ(slurp(dir / name), "new");
}

TEST(AtomicFile, WritesAPipeStraight) {
  const TemporaryDirectory dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  const int reader = ::open((dir / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  write_file(dir / "pipe", "through");
  char got[16] = {};
  EXPECT_EQ(::read(reader, got, sizeof got), 7);
  EXPECT_STREQ(got, "through");
  ::close(reader);
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"pipe"});
}

TEST(AtomicFile, ReportsAFullDevice) {
  AtomicFile file("/dev/full");
  file.write("bytes");
  try {
    file.commit();
    FAIL() << "not reported";
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), ENOSPC);
    EXPECT_NE(std::string(error.what()).find("/dev/full"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("5 bytes"), std::string::npos);
  }
  EXPECT_TRUE(file.failed());
}

TEST(AtomicFile, SweepsWhatDeadWritersLeft) {
  const TemporaryDirectory dir;
  spill(dir / ".lade-tmp.0123456789abcdef", "left");
  spill(dir / ".lade-tmp.notours", "user");
  spill(dir / "part.parquet", "user");
  write_file(dir / "a.txt", "new", {.sweep_after_s = 0});
  EXPECT_EQ(names(dir.path()),
            (std::vector<std::string>{".lade-tmp.notours", "a.txt", "part.parquet"}));
}

TEST(AtomicFile, SweepingSparesLiveAndYoungTemporaries) {
  const TemporaryDirectory dir;
  AtomicFile live(dir / "live.txt");
  write_file(dir / "a.txt", "new", {.sweep_after_s = 0});
  spill(dir / ".lade-tmp.0123456789abcdef", "young");
  write_file(dir / "b.txt", "new");
  EXPECT_TRUE(fs::exists(dir / ".lade-tmp.0123456789abcdef"));
  live.write("alive");
  live.commit();
  EXPECT_EQ(slurp(dir / "live.txt"), "alive");
}

TEST(ArrowStream, RefusesBytesAfterAFailure) {
  AtomicFile file("/dev/full");
  const auto stream = arrow_stream(file);
  const std::string large(1 << 20, 'x');
  EXPECT_FALSE(stream->Write(large.data(), 1 << 20).ok());
  EXPECT_FALSE(stream->Write("x", 1).ok());
  EXPECT_TRUE(file.failed());
  EXPECT_THROW(file.commit(), IoError);
}

TEST(ArrowStream, RefusesBytesAfterAbandon) {
  const TemporaryDirectory dir;
  auto file = std::make_unique<AtomicFile>(dir / "a.txt");
  const auto stream = arrow_stream(*file);
  ASSERT_TRUE(stream->Write("x", 1).ok());
  file->abandon();
  EXPECT_FALSE(stream->Write("x", 1).ok());
  EXPECT_THROW(file->commit(), IoError);
  file.reset();
  EXPECT_FALSE(stream->Write("x", 1).ok());
  EXPECT_TRUE(names(dir.path()).empty());
}

TEST(AtomicDirectory, AppearsWholeOnCommit) {
  const TemporaryDirectory dir;
  AtomicDirectory out(dir / "set");
  for (const char* name : {"a.txt", "deep/er/b.txt"}) {
    AtomicFile file = out.file(name);
    file.write(name);
    file.commit();
  }
  EXPECT_FALSE(fs::exists(dir / "set"));
  out.commit();
  EXPECT_EQ(slurp(dir / "set/deep/er/b.txt"), "deep/er/b.txt");
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"set"});
  EXPECT_EQ(names(dir / "set"), (std::vector<std::string>{"a.txt", "deep"}));
}

TEST(AtomicDirectory, ReplacesTheOldOneAsAWhole) {
  const TemporaryDirectory dir;
  fs::create_directories(dir / "set/sub");
  spill(dir / "set/sub/old.txt", "old");
  AtomicDirectory out(dir / "set/", {.overwrite = true});
  AtomicFile file = out.file("new.txt");
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::exists(dir / "set/sub/old.txt"));
  out.commit();
  EXPECT_EQ(names(dir / "set"), std::vector<std::string>{"new.txt"});
  EXPECT_EQ(names(dir.path()), std::vector<std::string>{"set"});
}

TEST(AtomicDirectory, LeavesNothingWithoutCommit) {
  const TemporaryDirectory dir;
  {
    AtomicDirectory out(dir / "set");
    out.file("sub/a.txt").commit();
  }
  EXPECT_TRUE(names(dir.path()).empty());
}

TEST(AtomicDirectory, RemovesOrKeepsThePartOfADeadWriter) {
  const TemporaryDirectory dir;
  fs::create_directories(dir / ".set.lade-part");
  spill(dir / ".set.lade-part/done.txt", "done");
  {
    AtomicDirectory kept(dir / "set", {.keep_part = true});
    EXPECT_EQ(slurp(kept.part_path() + "/done.txt"), "done");
  }
  EXPECT_TRUE(fs::exists(dir / ".set.lade-part/done.txt"));
  AtomicDirectory fresh(dir / "set");
  EXPECT_TRUE(names(fresh.part_path()).empty());
}

TEST(AtomicDirectory, NeverFollowsALinkWhenItRemoves) {
  const TemporaryDirectory dir;
  fs::create_directories(dir / ".set.lade-part");
  fs::create_directories(dir / "mine");
  spill(dir / "mine/a.txt", "mine");
  fs::create_directory_symlink(dir / "mine", dir / ".set.lade-part/link");
  AtomicDirectory(dir / "set").commit();
  EXPECT_EQ(slurp(dir / "mine/a.txt"), "mine");
}

TEST(AtomicDirectory, RefusesAnExistingNameAndASecondWriter) {
  const TemporaryDirectory dir;
  fs::create_directory(dir / "old");
  EXPECT_THROW(AtomicDirectory(dir / "old"), ArgumentError);
  spill(dir / "file", "");
  EXPECT_THROW(AtomicDirectory(dir / "file", {.overwrite = true}), IoError);
  const AtomicDirectory first(dir / "set");
  EXPECT_THROW(AtomicDirectory(dir / "set"), IoError);
}

TEST(AtomicDirectory, RefusesPathsThatLeaveIt) {
  const TemporaryDirectory dir;
  AtomicDirectory out(dir / "set");
  for (const char* path : {"", "/abs", "../up", "a/../b", "a//b", "a/", "./a"}) {
    EXPECT_THROW(out.file(path), ArgumentError) << path;
  }
}

TEST(NameFromData, EscapesAsSpecified) {
  EXPECT_EQ(name_from_data("6E/USD:1"), "6E%2FUSD%3A1");
  EXPECT_EQ(name_from_data("../x"), "%2E.%2Fx");
  EXPECT_EQ(name_from_data("100%"), "100%25");
  EXPECT_EQ(name_from_data("ES_z-4.FUT"), "ES_z-4.FUT");
  EXPECT_EQ(name_from_data("\xc3\xa9"), "%C3%A9");
}

TEST(NameFromData, CutsLongNamesAndTellsThemApart) {
  const std::string a = name_from_data(std::string(300, 'a') + "1");
  const std::string b = name_from_data(std::string(300, 'a') + "2");
  EXPECT_EQ(a.size(), 160U + 1 + 32);
  EXPECT_EQ(name_from_data(std::string(200, 'a')).size(), 200U);
  EXPECT_NE(a, b);
}

TEST(NameFromData, RefusesTheEmptyName) {
  EXPECT_THROW(name_from_data(""), ArgumentError);
}

TEST(AtomicFile, RefusesAMissingFolderByItsName) {
  MemoryFiles files;
  WriteOptions options;
  options.files = &files;
  const auto refused = [](const std::function<void()>& write) {
    try {
      write();
    } catch (const IoError& error) {
      return error.path() + ": " + std::to_string(error.error_number());
    }
    return std::string();
  };
  const std::string absent = "/no/where: " + std::to_string(ENOENT);
  EXPECT_EQ(refused([&] { AtomicFile("/no/where/a.json", options); }), absent);
  EXPECT_EQ(refused([&] { AtomicDirectory("/no/where/bank", options); }), absent);
  EXPECT_EQ(refused([&] { AtomicDirectory("/no/where/bank/", options); }), absent);
  options.durable = false;
  EXPECT_EQ(refused([&] { AtomicFile("/no/where/a.json", options); }), absent);
}

}  // namespace
}  // namespace lade::io
