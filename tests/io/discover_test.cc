// SPDX-License-Identifier: Apache-2.0
#include "lade/io/discover.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lade/io/file_memory.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

std::vector<std::string> relative(const Discovery& found) {
  std::vector<std::string> out;
  for (const auto& file : found.files) out.push_back(file.relative);
  return out;
}

Discovery find(MemoryFiles& files, const std::vector<std::string>& paths,
               const std::string& format = "") {
  SourceOptions source;
  source.format = format;
  return discover(paths, source, {}, files);
}

TEST(Discover, TakesFilesBelowADirectoryByRelativePathAsBytes) {
  MemoryFiles files;
  for (const char* path :
       {"d/b.parquet", "d/B.parquet", "d/a/z.parquet", "d/_lade/x.parquet",
        "d/.hidden.parquet", "d/a/_tmp.parquet", "d/README.md"}) {
    files.put(path, "x");
  }
  const auto found = find(files, {"d"});
  EXPECT_EQ(relative(found),
            (std::vector<std::string>{"B.parquet", "a/z.parquet", "b.parquet"}));
  EXPECT_EQ(found.format, "parquet");
  EXPECT_EQ(found.directory, "d");
}

TEST(Discover, KeyValueDirectoriesAreParts) {
  MemoryFiles files;
  files.put("d/day=3/shop=a%2Fb/x.parquet", "x");
  const auto found = find(files, {"d/"});
  ASSERT_EQ(found.files.size(), 1U);
  EXPECT_EQ(found.files[0].parts, (std::vector<std::pair<std::string, std::string>>{
                                      {"day", "3"}, {"shop", "a/b"}}));
}

TEST(Discover, RefusesFilesThatLackAPart) {
  MemoryFiles files;
  files.put("d/day=3/x.parquet", "x");
  files.put("d/y.parquet", "x");
  EXPECT_THROW(find(files, {"d"}), DataError);
}

TEST(Discover, GlobsMatchWithinANameAndAtAnyDepth) {
  MemoryFiles files;
  for (const char* path : {"d/a1.parquet", "d/a2.parquet", "d/b1.parquet",
                           "d/e/a3.parquet", "d/e/f/a4.parquet", "d/_e/a5.parquet"}) {
    files.put(path, "x");
  }
  EXPECT_EQ(relative(find(files, {"d/a*.parquet"})),
            (std::vector<std::string>{"a1.parquet", "a2.parquet"}));
  EXPECT_EQ(relative(find(files, {"d/[!b]?.parquet"})),
            (std::vector<std::string>{"a1.parquet", "a2.parquet"}));
  EXPECT_EQ(relative(find(files, {"d/**/a*.parquet"})),
            (std::vector<std::string>{"a1.parquet", "a2.parquet", "e/a3.parquet",
                                      "e/f/a4.parquet"}));
}

TEST(Discover, ANamedFileIsTakenWhateverItIsCalled) {
  MemoryFiles files;
  files.put("d/_x.asc", "x");
  EXPECT_EQ(relative(find(files, {"d/_x.asc"}, "csv")),
            (std::vector<std::string>{"_x.asc"}));
  EXPECT_THROW(find(files, {"d/_x.asc"}), ArgumentError);
}

TEST(Discover, RefusesNothingToReadNamingPathAndSuffixes) {
  MemoryFiles files;
  files.make_directory("d");
  try {
    find(files, {"d"});
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), ENOENT);
    EXPECT_NE(std::string(error.what()).find(".parquet .arrow"), std::string::npos);
  }
  EXPECT_THROW(find(files, {"nowhere"}), IoError);
  EXPECT_THROW(find(files, {"d/*.parquet"}), IoError);
  EXPECT_THROW(find(files, {}), ArgumentError);
}

TEST(Discover, RefusesMixedFormatsUnlessOneIsChosen) {
  MemoryFiles files;
  files.put("d/a.parquet", "x");
  files.put("d/b.csv", "x");
  try {
    find(files, {"d"});
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("csv: d/b.csv, parquet: d/a.parquet"),
              std::string::npos);
  }
  EXPECT_EQ(relative(find(files, {"d"}, "csv")), (std::vector<std::string>{"b.csv"}));
}

TEST(Discover, RefusesAFileNamedTwice) {
  MemoryFiles files;
  files.put("d/a.parquet", "x");
  EXPECT_THROW(find(files, {"d/a.parquet", "d/a.parquet"}), ArgumentError);
}

TEST(Discover, RefusesFormatsThatMustBeConvertedWithTheCommand) {
  MemoryFiles files;
  files.put("d/a.dbn.zst", "x");
  try {
    find(files, {"d"});
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("lade convert 'd' TARGET"),
              std::string::npos);
  }
}

TEST(Discover, RefusesMoreFilesThanTheLimit) {
  MemoryFiles files;
  files.put("d/a.parquet", "x");
  files.put("d/b.parquet", "x");
  Limits limits;
  limits.max_files = 1;
  EXPECT_THROW(discover({"d"}, {}, limits, files), DataError);
  limits.max_files = 2;
  EXPECT_EQ(discover({"d"}, {}, limits, files).files.size(), 2U);
}

TEST(Discover, RefusesADirectoryNamedLikeData) {
  MemoryFiles files;
  files.put("d/x.parquet/part.parquet", "x");
  EXPECT_THROW(find(files, {"d"}), IoError);
}

TEST(Discover, RefusesPipesAndCirclesOfLinksWithoutHanging) {
  const testing::TemporaryDirectory directory;
  const std::string root = directory.path();
  ASSERT_EQ(mkfifo((root + "/x.parquet").c_str(), 0600), 0);
  EXPECT_THROW(discover({root}, {}, {}, real_files()), IoError);
  EXPECT_THROW(discover({root + "/x.parquet"}, {}, {}, real_files()), IoError);
  ASSERT_EQ(unlink((root + "/x.parquet").c_str()), 0);
  ASSERT_EQ(mkdir((root + "/a").c_str(), 0700), 0);
  ASSERT_EQ(symlink("..", (root + "/a/up").c_str()), 0);
  try {
    discover({root}, {}, {}, real_files());
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), ELOOP);
  }
}

}  // namespace
}  // namespace lade::io
