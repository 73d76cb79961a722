// SPDX-License-Identifier: Apache-2.0
// Text and scattered rows too large for memory: one converted copy below cache_dir.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "lade/io/file_memory.h"
#include "lade/io/ipc.h"
#include "lade/recipe/open.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

constexpr int kRows = 30'000;
constexpr int kAccounts = 2'000;
constexpr Index kSmall = Index{1} << 20;

std::string large_text(int rows = kRows) {
  std::string text = "account,day,place,kind\n";
  for (int i = 0; i < rows; ++i) {
    text += std::to_string((i * 7919) % kAccounts) + "," +
            std::to_string((i * 31) % 97) + "," + std::to_string(i) +
            (i % 3 == 0 ? ",food\n" : ",rent\n");
  }
  return text;
}

io::OpenOptions bank(io::Files& files, Index budget, const std::string& cache_dir) {
  io::OpenOptions options;
  options.entity = "account";
  options.time = "day";
  options.files = &files;
  options.threads = 2;
  options.memory_budget = budget;
  options.cache_dir = cache_dir;
  set_convert(options);
  return options;
}

/// The same rows, one sequence's far from each other.
void put_scattered(io::MemoryFiles& files, const std::string& path) {
  arrow::Int64Builder account, day, place;
  for (int i = 0; i < kRows; ++i) {
    ASSERT_TRUE(account.Append((i * 7919) % kAccounts).ok());
    ASSERT_TRUE(day.Append((i * 31) % 97).ok());
    ASSERT_TRUE(place.Append(i).ok());
  }
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("account", arrow::int64()),
                     arrow::field("day", arrow::int64()),
                     arrow::field("place", arrow::int64())}),
      kRows,
      {account.Finish().ValueOrDie(), day.Finish().ValueOrDie(),
       place.Finish().ValueOrDie()});
  io::WriteOptions write;
  write.files = &files;
  io::IpcWriter writer(io::AtomicFile(path, write), batch->schema(),
                       {.batch_rows = 10'000});
  writer.write(batch);
  writer.finish();
}

/// `place` of every event, by sequence.
std::vector<std::vector<std::int64_t>> places(const io::Dataset& dataset) {
  return testing::whole_numbers(dataset, "place");
}

std::vector<std::string> copies(io::Files& files) {
  std::vector<std::string> out;
  for (const std::string& name : files.list("/cache")) {
    if (name.starts_with("dataset-")) out.push_back(name);
  }
  return out;
}

/// Names in the directories that are written to.
std::vector<std::string> names_made(io::Files& files) {
  std::vector<std::string> out;
  for (const char* directory : {"/cache", "/in", "/in/_lade"}) {
    if (!files.exists(directory)) continue;
    for (const std::string& name : files.list(directory)) out.push_back(name);
  }
  return out;
}

struct Source {
  const char* path;
  void (*put)(io::MemoryFiles& files);
};

class OpenLarge : public ::testing::TestWithParam<Source> {
 protected:
  void SetUp() override { GetParam().put(files_); }
  io::Dataset open(Index budget, const std::string& cache_dir) {
    return io::open({GetParam().path}, bank(files_, budget, cache_dir));
  }
  io::MemoryFiles files_;
};

TEST_P(OpenLarge, RefusesWithTheCommandWhereNoCacheIsGiven) {
  try {
    open(kSmall, "");
    FAIL();
  } catch (const ArgumentError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("cache_dir"), std::string::npos) << what;
    EXPECT_NE(what.find("lade convert"), std::string::npos) << what;
  }
}

TEST_P(OpenLarge, ACopyGivesWhatMemoryGives) {
  const io::Dataset memory = open(Index{256} << 20, "");
  const io::Dataset copied = open(kSmall, "/cache");
  EXPECT_TRUE(memory.in_memory());
  EXPECT_FALSE(copied.in_memory());
  EXPECT_EQ(copied.fingerprint(), memory.fingerprint());
  EXPECT_EQ(places(copied), places(memory));
  EXPECT_EQ(copied.events(), kRows);
  EXPECT_EQ(copies(files_).size(), 1U);
}

TEST_P(OpenLarge, TheCopyIsMadeOnce) {
  open(kSmall, "/cache");
  const auto made = copies(files_);
  io::OpenOptions again = bank(files_, kSmall, "/cache");
  again.convert = [](const auto&, const auto&, const auto&, bool) {
    FAIL() << "converted twice";
  };
  again.columns = {"place"};
  EXPECT_EQ(io::open({GetParam().path}, again).events(), kRows);
  EXPECT_EQ(copies(files_), made);
}

TEST_P(OpenLarge, OtherDataHaveAnotherCopy) {
  open(kSmall, "/cache");
  if (std::string(GetParam().path).ends_with(".csv")) {
    files_.put(GetParam().path, large_text(kRows - 1));
  } else {
    io::OpenOptions other = bank(files_, kSmall, "/cache");
    other.policies.on_disorder = OnDisorder::keep;
    io::open({GetParam().path}, other);
  }
  open(kSmall, "/cache");
  EXPECT_EQ(copies(files_).size(), 2U);
}

TEST_P(OpenLarge, ADamagedCopyIsMadeAgain) {
  const auto before = places(open(kSmall, "/cache"));
  const std::string copy = "/cache/" + copies(files_)[0];
  files_.put(copy + "/part-00000.parquet", "nothing");
  EXPECT_EQ(places(open(kSmall, "/cache")), before);
  EXPECT_EQ(copies(files_).size(), 1U);
}

TEST_P(OpenLarge, WhoIsAskedToStopLeavesNothing) {
  for (const int calls : {1, 5, 40, 60}) {
    io::OpenOptions options = bank(files_, kSmall, "/cache");
    int left = calls;
    options.poll = [&left] {
      if (--left == 0) throw std::runtime_error("stop");
    };
    try {
      io::open({GetParam().path}, options);
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "stop");
      for (const std::string& name : names_made(files_)) {
        EXPECT_EQ(name.find("lade-tmp"), std::string::npos) << name;
        EXPECT_EQ(name.find("lade-part"), std::string::npos) << name;
        EXPECT_EQ(name.find("lade-lock"), std::string::npos) << name;
      }
    }
  }
}

TEST_P(OpenLarge, OneProcessConvertsWhileTheOtherWaits) {
  std::atomic<int> made{0};
  const auto run = [&] {
    io::OpenOptions options = bank(files_, kSmall, "/cache");
    const auto convert = options.convert;
    options.convert = [&made, convert](const auto& paths, const auto& target,
                                       const auto& open, bool overwrite) {
      convert(paths, target, open, overwrite);
      ++made;
    };
    EXPECT_EQ(io::open({GetParam().path}, options).events(), kRows);
  };
  std::thread other(run);
  run();
  other.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(copies(files_).size(), 1U);
}

TEST(OpenLargeText, CountsWhatWasDroppedForTheCopy) {
  io::MemoryFiles files;
  files.make_directory("/in");
  files.put("/in/bank.csv", large_text() + "7,3\n9,4,30001,food,more\n");
  const auto report = [&files](Index budget, const std::string& cache_dir) {
    io::OpenOptions options = bank(files, budget, cache_dir);
    options.policies.on_bad = OnBad::skip;
    return io::open({"/in/bank.csv"}, options).report();
  };
  const ReadReport memory = report(Index{256} << 20, "");
  for (const char* opened : {"made", "found"}) {
    const ReadReport copied = report(kSmall, "/cache");
    EXPECT_EQ(copied.rows_seen, kRows + 2) << opened;
    EXPECT_EQ(copied.rows_given, kRows) << opened;
    EXPECT_TRUE(std::ranges::equal(copied.dropped, memory.dropped)) << opened;
    EXPECT_EQ(copied.rows_out_of_order, memory.rows_out_of_order) << opened;
    EXPECT_TRUE(copied.balanced()) << opened;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sources, OpenLarge,
    ::testing::Values(Source{"/in/bank.csv",
                             [](io::MemoryFiles& files) {
                               files.make_directory("/in");
                               files.put("/in/bank.csv", large_text());
                             }},
                      Source{"/in/bank.arrow",
                             [](io::MemoryFiles& files) {
                               files.make_directory("/in");
                               put_scattered(files, "/in/bank.arrow");
                             }}),
    [](const auto& param) {
      return std::string(param.param.path).ends_with(".csv") ? "Text" : "Scattered";
    });

}  // namespace
}  // namespace lade
