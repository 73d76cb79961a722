// SPDX-License-Identifier: Apache-2.0
// Three made users and targets of theirs, frozen. Made by
//   LADE_WRITE_GOLDEN=tests/data lade_recipe_tests --gtest_filter=GoldenTransactions.*
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "lade/core/table_internal.h"
#include "lade/io/dataset.h"
#include "lade/recipe/apply.h"
#include "lade/synth/transactions.h"
#include "tests/testing/targets.h"
#include "tests/testing/temporary_directory.h"

namespace lade {
namespace {

TransactionsSpec three_users() {
  TransactionsSpec spec;
  spec.users = 3;
  spec.events = {40, 60};
  spec.mccs = 6;
  spec.extra = 1;
  spec.seed = 7;
  return spec;
}

Recipe recipe() {
  return Recipe::from_toml(R"toml(
[sequence]
entity = "user_id"
time = "time"
[[target]]
name = "spent_7d"
where = "mcc in (0, 2)"
aggregate = "sum(amount)"
every = "day"
look_back = 7
[[target]]
name = "all_7d"
aggregate = "sum(amount)"
every = "day"
look_back = 7
[[target]]
name = "share"
expression = "spent_7d / all_7d"
[[target]]
name = "most_next_week"
aggregate = "max(amount)"
every = "week"
look_ahead = 1
[[target]]
name = "mean_last_5"
aggregate = "mean(amount)"
every = "event"
look_back = 5
[[target]]
name = "total"
aggregate = "sum(x0)"
every = "sequence"
)toml",
                           "golden.toml");
}

/// One line a row; floats in hexadecimal, so that every bit shows.
std::string text_of(const RecordBatch& batch) {
  std::string text = batch->schema()->ToString() + "\n";
  for (Index r = 0; r < batch->num_rows(); ++r) {
    for (int c = 0; c < batch->num_columns(); ++c) {
      const auto scalar = take(batch->column(c)->GetScalar(r), "golden");
      char word[64];
      if (!scalar->is_valid) {
        std::snprintf(word, sizeof word, "null");
      } else if (scalar->type->id() == arrow::Type::DOUBLE) {
        std::snprintf(word, sizeof word, "%a",
                      static_cast<const arrow::DoubleScalar&>(*scalar).value);
      } else if (scalar->type->id() == arrow::Type::FLOAT) {
        std::snprintf(
            word, sizeof word, "%a",
            static_cast<double>(static_cast<const arrow::FloatScalar&>(*scalar).value));
      } else {
        std::snprintf(word, sizeof word, "%s", scalar->ToString().c_str());
      }
      text += word;
      text += c + 1 < batch->num_columns() ? " " : "\n";
    }
  }
  return text;
}

std::string made() {
  const RecordBatch rows = transactions(three_users(), 0, 3);
  std::string text = text_of(rows);
  io::OpenOptions options;
  options.entity = "user_id";
  options.time = "time";
  const io::Dataset dataset = io::from_batches({rows}, options);
  std::map<std::string, std::string> targets;
  apply(recipe(), dataset, {}, [&](const std::string& every, const RecordBatch& batch) {
    targets[every] += text_of(batch);
  });
  for (const auto& [every, of_set] : targets) text += "\n" + every + "\n" + of_set;
  return text;
}

TEST(GoldenTransactions, AndTheirTargetsAreTheSameBytesEverywhere) {
  const std::string name = "transactions.v1.txt";
  if (const char* where = std::getenv("LADE_WRITE_GOLDEN")) {
    testing::spill(std::string(where) + "/" + name, made());
  }
  const std::string frozen = testing::slurp(std::string(LADE_TEST_DATA) + "/" + name);
  ASSERT_FALSE(frozen.empty());
  ASSERT_LT(frozen.size(), 100U << 10);
  testing::for_each_target([&] { EXPECT_EQ(made(), frozen); });
}

}  // namespace
}  // namespace lade
