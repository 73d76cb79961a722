// SPDX-License-Identifier: Apache-2.0
// Several processes that open one directory at once.
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "lade/io/dataset.h"
#include "lade/io/parquet.h"
#include "tests/testing/tables.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

void put_rows(const std::string& path, int entities, int rows) {
  std::string ids = "[";
  std::string times = "[";
  for (int e = 0; e < entities; ++e) {
    for (int r = 0; r < rows; ++r) {
      ids += (ids.size() == 1 ? "" : ",") + std::to_string(e);
      times += (times.size() == 1 ? "" : ",") + std::to_string(r);
    }
  }
  const RecordBatch batch = testing::batch_of(
      {{"id", arrow::int64(), ids + "]"}, {"time", arrow::int64(), times + "]"}});
  ParquetWriter writer(AtomicFile(path), batch->schema());
  writer.write(batch);
  writer.finish();
}

/// What a process saw: the fingerprint, sequences and events, or why it failed.
struct Seen {
  std::array<char, 200> text{};
};

Seen see(const std::string& directory) {
  Seen seen;
  std::string text;
  try {
    OpenOptions options;
    options.entity = "id";
    options.time = "time";
    options.memory_budget = Index{16} << 20;
    options.threads = 1;
    const Dataset dataset = open({directory}, options);
    text = hex(dataset.fingerprint()) + " " + std::to_string(dataset.sequences()) +
           " " + std::to_string(dataset.events());
    for (const std::string& warning : dataset.warnings()) text += " " + warning;
  } catch (const std::exception& error) {
    text = error.what();
  }
  std::memcpy(seen.text.data(), text.data(), std::min(text.size(), std::size_t{199}));
  return seen;
}

TEST(IndexRace, EightProcessesMakeOneIndexAndSeeTheSame) {
  const testing::TemporaryDirectory directory;
  put_rows(join(directory.path(), "a.parquet"), 200, 20);
  std::array<int, 2> start{};
  std::array<int, 2> answers{};
  ASSERT_EQ(pipe(start.data()), 0);
  ASSERT_EQ(pipe(answers.data()), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(start[1]);
      char byte = 0;
      while (read(start[0], &byte, 1) > 0) {
      }  // until the parent lets all go at once
      const Seen seen = see(directory.path());
      const bool told = write(answers[1], &seen, sizeof seen) == sizeof seen;
      _exit(told ? 0 : 1);
    }
    children.push_back(child);
  }
  close(start[0]);
  close(start[1]);
  close(answers[1]);
  std::vector<std::string> texts;
  for (Seen seen; read(answers[0], &seen, sizeof seen) == sizeof seen;)
    texts.emplace_back(seen.text.data());
  close(answers[0]);
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const std::string expected = see(directory.path()).text.data();
  EXPECT_NE(expected.find(" 200 4000"), std::string::npos) << expected;
  EXPECT_EQ(texts, std::vector<std::string>(8, expected));
  // One index, and nothing that was begun and left.
  std::vector<std::string> left;
  for (const std::string& name : real_files().list(join(directory.path(), "_lade"))) {
    if (!name.ends_with(".lade-lock")) left.push_back(name);
  }
  EXPECT_EQ(left, std::vector<std::string>{"index-" + expected.substr(0, 16)});
}

}  // namespace
}  // namespace lade::io
