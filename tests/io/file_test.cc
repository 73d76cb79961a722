// SPDX-License-Identifier: Apache-2.0
#include "lade/io/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <memory>

#include "lade/io/file_internal.h"
#include "lade/io/file_memory.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

namespace fs = std::filesystem;
using testing::slurp;
using testing::spill;
using testing::TemporaryDirectory;

int errno_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const IoError& error) {
    return error.error_number();
  }
  return 0;
}

std::string read(const File& file, Index offset, std::size_t bytes) {
  std::string text(bytes, '\0');
  file.read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

// Both implementations have to behave alike.
struct FilesCase {
  std::string root;
  std::unique_ptr<TemporaryDirectory> keep;
  std::unique_ptr<MemoryFiles> memory;
  Files& files() { return memory ? static_cast<Files&>(*memory) : real_files(); }
};

class AnyFiles : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      at.keep = std::make_unique<TemporaryDirectory>();
      at.root = at.keep->path();
    } else {
      at.memory = std::make_unique<MemoryFiles>();
      at.root = "root";
      at.memory->make_directory("root");
    }
  }
  std::string path(const std::string& name) const { return join(at.root, name); }
  void put(const std::string& name, const std::string& text) {
    auto file = at.files().open(path(name), OpenMode::create);
    file->write(std::as_bytes(std::span(text)));
    file->close();
  }
  std::string get(const std::string& name) {
    return read_all(at.files(), path(name), 1 << 20);
  }
  FilesCase at;
};

TEST_P(AnyFiles, KeepsWhatWasWritten) {
  put("a", "hello world");
  EXPECT_EQ(get("a"), "hello world");
  const auto file = at.files().open(path("a"), OpenMode::read);
  EXPECT_EQ(file->bytes(), 11);
  EXPECT_EQ(read(*file, 6, 5), "world");
  EXPECT_EQ(file->stat().kind, FileKind::regular);
}

TEST_P(AnyFiles, ShortFileIsDataErrorAtItsEnd) {
  put("a", "hello");
  const auto file = at.files().open(path("a"), OpenMode::read);
  try {
    read(*file, 3, 5);
    FAIL() << "not refused";
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "file.changed");
    EXPECT_EQ(error.place().offset, 5);
  }
}

TEST_P(AnyFiles, ErrorsCarryTheirNumbers) {
  Files& files = at.files();
  put("a", "");
  put("b", "");
  files.make_directory(path("d"));
  files.make_directory(path("d/e"));
  EXPECT_EQ(errno_of([&] { files.open(path("none"), OpenMode::read); }), ENOENT);
  EXPECT_EQ(errno_of([&] { files.open(path("a"), OpenMode::create); }), EEXIST);
  EXPECT_EQ(errno_of([&] { files.open(path("d"), OpenMode::read); }), EISDIR);
  EXPECT_EQ(errno_of([&] { files.stat(path("none")); }), ENOENT);
  EXPECT_EQ(errno_of([&] { files.make_directory(path("d")); }), EEXIST);
  EXPECT_EQ(errno_of([&] { files.rename(path("a"), path("b"), false); }), EEXIST);
  EXPECT_EQ(errno_of([&] { files.rename(path("none"), path("b"), true); }), ENOENT);
  EXPECT_EQ(errno_of([&] { files.unlink(path("none")); }), ENOENT);
  EXPECT_EQ(errno_of([&] { files.unlink(path("d")); }), EISDIR);
  EXPECT_EQ(errno_of([&] { files.remove_directory(path("d")); }), ENOTEMPTY);
  EXPECT_EQ(errno_of([&] { files.remove_directory(path("a")); }), ENOTDIR);
  EXPECT_EQ(errno_of([&] { files.list(path("none")); }), ENOENT);
  EXPECT_EQ(errno_of([&] { files.link(path("a"), path("b")); }), EEXIST);
  EXPECT_EQ(errno_of([&] { files.exchange(path("a"), path("none")); }), ENOENT);
  EXPECT_FALSE(files.exists(path("none")));
  EXPECT_TRUE(files.exists(path("d")));
}

TEST_P(AnyFiles, RenameMovesAndReplaces) {
  put("a", "1");
  put("b", "2");
  at.files().rename(path("a"), path("c"), false);
  at.files().rename(path("c"), path("b"), true);
  EXPECT_EQ(at.files().list(at.root), std::vector<std::string>{"b"});
  EXPECT_EQ(get("b"), "1");
}

TEST_P(AnyFiles, ExchangeSwapsDirectories) {
  at.files().make_directory(path("x"));
  at.files().make_directory(path("y"));
  put("x/a", "1");
  put("y/b", "2");
  at.files().exchange(path("x"), path("y"));
  EXPECT_EQ(get("x/b"), "2");
  EXPECT_EQ(get("y/a"), "1");
}

TEST_P(AnyFiles, LockIsHeldByOneOpenFile) {
  const auto first = at.files().open(path("l"), OpenMode::lock);
  const auto second = at.files().open(path("l"), OpenMode::lock);
  EXPECT_TRUE(first->try_lock());
  EXPECT_FALSE(second->try_lock());
  first->close();
  EXPECT_TRUE(second->try_lock());
}

TEST_P(AnyFiles, AppendAddsAtTheEnd) {
  put("a", "one");
  const std::string more = " two";
  at.files().open(path("a"), OpenMode::append)->write(std::as_bytes(std::span(more)));
  EXPECT_EQ(get("a"), "one two");
}

TEST_P(AnyFiles, ReadAllRefusesLargeFiles) {
  put("a", "12345");
  EXPECT_EQ(read_all(at.files(), path("a"), 5), "12345");
  EXPECT_THROW(read_all(at.files(), path("a"), 4), DataError);
}

INSTANTIATE_TEST_SUITE_P(Files, AnyFiles, ::testing::Bool(), [](const auto& which) {
  return which.param ? "real" : "memory";
});

TEST(RealFiles, RefuseWhatIsNoRegularFileWithoutWaiting) {
  const TemporaryDirectory dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  fs::create_symlink("loop", dir / "loop");
  spill(dir / "secret", "x");
  ::chmod((dir / "secret").c_str(), 0);
  Files& files = real_files();
  EXPECT_EQ(errno_of([&] { files.open(dir / "pipe", OpenMode::read); }), EINVAL);
  EXPECT_EQ(errno_of([&] { files.open(dir.path(), OpenMode::read); }), EISDIR);
  EXPECT_EQ(errno_of([&] { files.open("/dev/zero", OpenMode::read); }), EINVAL);
  EXPECT_EQ(errno_of([&] { files.open(dir / "loop", OpenMode::read); }), ELOOP);
  if (::geteuid() != 0) {
    EXPECT_EQ(errno_of([&] { files.open(dir / "secret", OpenMode::read); }), EACCES);
  }
}

TEST(RealFiles, ReadWhatWasOpenedAfterReplacingAndDeleting) {
  const TemporaryDirectory dir;
  spill(dir / "a", "first");
  const auto file = real_files().open(dir / "a", OpenMode::read);
  spill(dir / "b", "other");
  fs::rename(dir / "b", dir / "a");
  EXPECT_EQ(read(*file, 0, 5), "first");
  fs::remove(dir / "a");
  EXPECT_EQ(read(*file, 0, 5), "first");
}

TEST(RealFiles, RefuseAFileThatWasTruncatedWhileOpen) {
  const TemporaryDirectory dir;
  spill(dir / "a", "first");
  const auto file = real_files().open(dir / "a", OpenMode::read);
  fs::resize_file(dir / "a", 2);
  EXPECT_THROW(read(*file, 0, 5), DataError);
}

TEST(RealFiles, RepeatShortAndInterruptedCalls) {
  const TemporaryDirectory dir;
  int turn = 0;
  SystemCalls calls;
  calls.write = [&](int fd, const void* from, std::size_t bytes) -> std::int64_t {
    if (++turn % 2 == 0) return errno = EINTR, -1;
    return ::write(fd, from, std::min<std::size_t>(bytes, 3));
  };
  calls.pread = [&](int fd, void* to, std::size_t bytes,
                    std::int64_t offset) -> std::int64_t {
    if (++turn % 2 == 0) return errno = EINTR, -1;
    return ::pread(fd, to, std::min<std::size_t>(bytes, 1), offset);
  };
  calls.fsync = [&](int fd) {
    return ++turn % 2 == 0 ? (errno = EINTR, -1) : ::fsync(fd);
  };
  const auto files = make_real_files(calls);
  const std::string text = "a text that takes several calls";
  const auto file = files->open(dir / "a", OpenMode::create);
  file->write(std::as_bytes(std::span(text)));
  file->sync();
  file->close();
  EXPECT_EQ(read_all(*files, dir / "a", 100), text);
  EXPECT_GT(turn, 60);
}

TEST(RealFiles, ReportAWriteThatFailsAfterAShortOne) {
  const TemporaryDirectory dir;
  int turn = 0;
  SystemCalls calls;
  calls.write = [&](int fd, const void* from, std::size_t) -> std::int64_t {
    if (++turn == 2) return errno = ENOSPC, -1;
    return ::write(fd, from, 3);
  };
  const auto files = make_real_files(calls);
  const auto file = files->open(dir / "a", OpenMode::create);
  const std::string text = "0123456789";
  EXPECT_EQ(errno_of([&] { file->write(std::as_bytes(std::span(text))); }), ENOSPC);
}

TEST(RealFiles, AWriteThatTakesNothingIsAnError) {
  const TemporaryDirectory dir;
  SystemCalls calls;
  calls.write = [](int, const void*, std::size_t) -> std::int64_t { return 0; };
  const auto files = make_real_files(calls);
  const auto file = files->open(dir / "a", OpenMode::create);
  const std::string text = "0123456789";
  EXPECT_EQ(errno_of([&] { file->write(std::as_bytes(std::span(text))); }), EIO);
}

TEST(RealFiles, CloseIsNeverRepeated) {
  const TemporaryDirectory dir;
  int closes = 0;
  SystemCalls calls;
  calls.close = [&](int fd) { return ++closes, ::close(fd), errno = EIO, -1; };
  const auto files = make_real_files(calls);
  {
    const auto file = files->open(dir / "a", OpenMode::create);
    EXPECT_EQ(errno_of([&] { file->close(); }), EIO);
  }
  EXPECT_EQ(closes, 1);
}

TEST(RealFiles, FallBackToLinkWhereTheSystemCannotRefuseAName) {
  const TemporaryDirectory dir;
  spill(dir / "a", "1");
  spill(dir / "b", "2");
  SystemCalls calls;
  calls.renameat2 = [](const char*, const char*, unsigned) {
    return errno = EINVAL, -1;
  };
  const auto files = make_real_files(calls);
  EXPECT_EQ(errno_of([&] { files->rename(dir / "a", dir / "b", false); }), EEXIST);
  files->rename(dir / "a", dir / "c", false);
  EXPECT_EQ(slurp(dir / "c"), "1");
  EXPECT_FALSE(fs::exists(dir / "a"));
}

TEST(Paths, JoinAndSplit) {
  EXPECT_EQ(join("a", "b"), "a/b");
  EXPECT_EQ(join("/", "b"), "/b");
  EXPECT_EQ(file_name("a/b.c"), "b.c");
  EXPECT_EQ(directory_of("a/b.c"), "a");
  EXPECT_EQ(directory_of("/b"), "/");
  EXPECT_EQ(directory_of("b"), ".");
}

}  // namespace
}  // namespace lade::io
