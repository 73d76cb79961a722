// SPDX-License-Identifier: Apache-2.0
// The three ways to targets: the loader, apply, and compute_targets called by hand.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <optional>
#include <random>

#include "lade/core/table_internal.h"
#include "lade/io/dataset.h"
#include "lade/loading/loader.h"
#include "lade/recipe/apply.h"
#include "lade/recipe/family.h"
#include "lade/recipe/fit.h"
#include "lade/recipe/plan.h"
#include "lade/synth/transactions.h"
#include "lade/targets/compute.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

constexpr Index kUsers = 9;

/// Users of 1 to 60 events.
io::Dataset made_users() {
  TransactionsSpec spec;
  spec.users = kUsers;
  spec.events = {1, 60};
  spec.mccs = 30;
  spec.seed = 7;
  io::OpenOptions options;
  options.entity = "user_id";
  options.time = "time";
  return io::from_batches({transactions(spec, 0, kUsers)}, options);
}

/// Bits of the valid values by target and sequence, `kInvalid` for the others.
constexpr std::uint32_t kInvalid = 0xFFFF'FFFF;
using Values = std::map<std::string, std::vector<std::vector<std::uint32_t>>>;

std::uint32_t bits_of(float value, bool valid) {
  return valid ? std::bit_cast<std::uint32_t>(value) : kInvalid;
}

Values by_hand(const Recipe& recipe, const io::Dataset& dataset) {
  const Plan plan(recipe, dataset);
  const TargetPlan& targets = *plan.targets();
  const io::DatasetReader reader = dataset.reader(plan.columns());
  Values values;
  TargetScratch scratch;
  SequenceTargets out;
  for (Index q = 0; q < dataset.sequences(); ++q) {
    const auto sequence = reader.sequence(q);
    compute_targets(targets, sequence.view, sequence.view.rows, scratch, out);
    for (Index t = 0; t < targets.size(); ++t) {
      const auto k = static_cast<std::size_t>(t);
      auto& of_user = values[targets.name(t)].emplace_back();
      for (std::size_t i = 0; i < out.value[k].size(); ++i) {
        of_user.push_back(bits_of(out.value[k][i], out.valid[k][i] != 0));
      }
    }
  }
  return values;
}

Values by_apply(const Recipe& recipe, const io::Dataset& dataset) {
  std::map<std::int64_t, std::size_t> number;
  for (Index q = 0; q < dataset.sequences(); ++q) {
    number[std::get<std::int64_t>(dataset.sequence(q).entity)] =
        static_cast<std::size_t>(q);
  }
  Values values;
  apply(recipe, dataset, {.threads = 2, .block_sequences = 4},
        [&](const std::string&, const RecordBatch& batch) {
          const auto& user = static_cast<const arrow::Int64Array&>(*batch->column(0));
          for (int c = 1; c < batch->num_columns(); ++c) {
            if (batch->column(c)->type_id() != arrow::Type::FLOAT) continue;
            const auto& column =
                static_cast<const arrow::FloatArray&>(*batch->column(c));
            auto& users = values[batch->column_name(c)];
            users.resize(number.size());
            for (Index r = 0; r < column.length(); ++r) {
              users[number.at(user.Value(r))].push_back(
                  bits_of(column.Value(r), column.IsValid(r)));
            }
          }
        });
  return values;
}

/// Elements of one row of a batch's array, where `mask` (nullptr = everywhere) is true.
std::vector<std::uint32_t> row_of(const BatchArray& values, const BatchArray& valid,
                                  const BatchArray* mask, Index row) {
  const Index n = values.shape.size() > 1 ? values.shape[1] : 1;
  std::vector<std::uint32_t> out;
  for (Index i = row * n; i < (row + 1) * n; ++i) {
    if (mask != nullptr && static_cast<const std::uint8_t*>(mask->data)[i] == 0)
      continue;
    out.push_back(bits_of(static_cast<const float*>(values.data)[i],
                          static_cast<const std::uint8_t*>(valid.data)[i] != 0));
  }
  return out;
}

/// All batches of an epoch in a random order; the recipe gives target_valid.
Values by_loader(const Recipe& recipe, const io::Dataset& dataset, int workers) {
  const Plan plan(recipe, dataset);
  LoaderOptions options;
  options.shard = {.batch_size = 4, .rank = 0, .world_size = 1};
  options.num_workers = workers;
  options.memory_budget = Index{256} << 20;
  ShuffleSampler sampler;
  sampler.samples = dataset.sequences();
  sampler.seed = 3;
  Loader loader(dataset, recipe, sampler, options);
  auto epoch = loader.begin_epoch();
  Values values;
  while (const auto batch = epoch.next()) {
    const auto* real =
        static_cast<const std::uint8_t*>(batch->find("sample_mask")->data);
    for (const TargetPlan::Set& set : plan.targets()->sets()) {
      const BatchArray* mask = batch->find("target_mask/" + set.name);
      if (set.boundary.every == Every::sequence) mask = nullptr;
      for (const Index target : set.targets) {
        const std::string& name = plan.targets()->name(target);
        auto& users = values[name];
        users.resize(static_cast<std::size_t>(dataset.sequences()));
        for (Index row = 0; row < batch->rows(); ++row) {
          if (real[row] == 0) continue;
          const auto user = static_cast<std::size_t>(
              batch->sample_id()[static_cast<std::size_t>(row)]);
          users[user] = row_of(*batch->find("targets/" + name),
                               *batch->find("target_valid/" + name), mask, row);
        }
      }
    }
  }
  return values;
}

void expect_same_values(const Recipe& recipe, const io::Dataset& dataset) {
  const Values hand = by_hand(recipe, dataset);
  ASSERT_FALSE(hand.empty());
  EXPECT_EQ(by_apply(recipe, dataset), hand);
  for (const int workers : {0, 2}) {
    EXPECT_EQ(by_loader(recipe, dataset, workers), hand) << workers;
  }
}

TEST(SameValues, OfEveryBoundarySetThroughLoaderApplyAndComputeTargets) {
  expect_same_values(Recipe::from_toml(R"toml(
[output]
valid = true
[[input]]
column = "amount"
[[target]]
name = "sum"
aggregate = "sum(amount)"
where = "mcc in (0, 3, 5)"
every = "day"
look_back = 7
[[target]]
name = "mean"
aggregate = "mean(amount)"
where = "mcc in (1, 2)"
every = "day"
look_back = 30
[[target]]
name = "mix"
expression = "sum / mean"
[[target]]
name = "next"
aggregate = "max(amount)"
every = "week"
look_ahead = 1
[[target]]
name = "median"
aggregate = "median(amount)"
every = "month"
warmup = "invalid"
look_back = 2
[[target]]
name = "last_5"
aggregate = "std(amount)"
every = "event"
look_back = 5
[[target]]
name = "codes"
aggregate = "nunique(mcc)"
every = "sequence"
)toml",
                                       "test.toml"),
                     made_users());
}

/// A row of the table of the worked example; nothing where a value is not valid.
struct ExampleRow {
  const char *name, *aggregate, *where, *rest;
  std::vector<std::optional<float>> values;
};

constexpr const char* kFood = "mcc in (5411, 5499)";

const ExampleRow kExample[] = {
    {"food_1", "sum(amount)", kFood, "every = \"day\"", {10, 4, 7.25F, 3, 50, 0}},
    {"food_7",
     "sum(amount)",
     kFood,
     "every = \"day\"\nlook_back = 7",
     {10, 14, 21.25F, 10.25F, 53, 0}},
    {"all_7",
     "sum(amount)",
     "",
     "every = \"day\"\nlook_back = 7",
     {35.5F, 39.5F, 146.75F, 110.25F, 53, 20}},
    {"food_3",
     "sum(amount)",
     kFood,
     "every = \"day\"\nlook_back = 3",
     {10, 14, 11.25F, 3, 53, 0}},
    {"present_3",
     "sum(amount)",
     kFood,
     "every = \"day\"\nlook_back = 3\nlook_back_by = \"present\"",
     {10, 14, 21.25F, 14.25F, 60.25F, 53}},
    {"mean_7",
     "mean(amount)",
     kFood,
     "every = \"day\"\nlook_back = 7",
     {10, 7, 7.0833335F, 5.125F, 26.5F, {}}},
    {"week_max", "max(amount)", kFood, "every = \"week\"", {10, 7.25F, 50, {}}},
    {"at_least", "count()", "amount >= 25.5", "every = \"week\"", {1, 1, 1, 0}},
    {"above", "count()", "amount > 25.5", "every = \"week\"", {0, 1, 1, 0}},
    {"next_week",
     "sum(amount)",
     "",
     "every = \"week\"\nlook_ahead = 1",
     {110.25F, 50, 0, {}}},
    {"last_month",
     "sum(amount)",
     "",
     "every = \"month\"\nlook_back = 1\nlag = 1",
     {0, 199.75F}},
    {"last_3",
     "sum(amount)",
     kFood,
     "every = \"event\"\nlook_back = 3",
     {10, 10, 14, 4, 11.25F, 10.25F, 60.25F, 53}},
    {"today",
     "sum(amount)",
     kFood,
     "every = \"event\"\nwithin = \"day\"",
     {10, 10, 4, 0, 7.25F, 3, 50, 0}},
    {"yesterday",
     "sum(amount)",
     kFood,
     "every = \"event\"\nwithin = \"day\"\nlag = 1",
     {0, 0, 10, 0, 0, 0, 3, 0}},
    {"hours_24",
     "sum(amount)",
     "",
     "every = \"event\"\nlook_back = \"24h\"",
     {10, 35.5F, 29.5F, 100, 107.25F, 3, 53, 20}},
    {"next_24h",
     "sum(amount)",
     "",
     "every = \"event\"\nlook_ahead = \"24h\"",
     {25.5F, 4, 0, 0, 0, 50, 0, {}}},
    {"std", "std(amount)", kFood, "every = \"sequence\"", {19.84282F}},
    {"median", "median(amount)", kFood, "every = \"sequence\"", {7.25F}},
    {"low", "quantile(amount, 0.25)", kFood, "every = \"sequence\"", {4}},
    {"codes", "nunique(mcc)", "", "every = \"sequence\"", {4}},
};

TEST(SameValues,
     OfTheWorkedExampleAreThoseOfItsTableThroughLoaderApplyAndComputeTargets) {
  std::string toml = "[output]\nvalid = true\n[[input]]\ncolumn = \"amount\"\n";
  Values wanted;
  const auto expect = [&](const char* name,
                          const std::vector<std::optional<float>>& row) {
    auto& values = wanted[name].emplace_back();
    for (const auto& value : row)
      values.push_back(bits_of(value.value_or(0), value.has_value()));
  };
  for (const ExampleRow& row : kExample) {
    toml += "[[target]]\nname = \"" + std::string(row.name) + "\"\naggregate = \"" +
            row.aggregate + "\"\n" + row.rest + "\n";
    if (*row.where != 0) toml += "where = \"" + std::string(row.where) + "\"\n";
    expect(row.name, row.values);
  }
  toml += "[[target]]\nname = \"share\"\nexpression = \"food_7 / all_7\"\n";
  expect("share", {0.28169015F, 0.35443038F, 0.14480409F, 0.09297052F, 1, 0});
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  const io::Dataset dataset = io::from_batches({testing::example_events()}, options);
  const Recipe recipe = Recipe::from_toml(toml, "example.toml");
  EXPECT_EQ(by_hand(recipe, dataset), wanted);
  EXPECT_EQ(by_apply(recipe, dataset), wanted);
  EXPECT_EQ(by_loader(recipe, dataset, 1), wanted);
}

TEST(SameValues, OfAFamilyThroughLoaderApplyAndComputeTargets) {
  const io::Dataset dataset = made_users();
  const Recipe family = Recipe::from_toml(R"toml(
[output]
valid = true
[[input]]
column = "amount"
[[target_family]]
count = 40
seed = 11
values = ["amount", "days_before_end"]
sets_of = "mcc"
)toml",
                                          "test.toml");
  const Recipe fitted = fit(family, dataset);
  ASSERT_EQ(fitted.spec().targets.size(), 40U);
  expect_same_values(fitted, dataset);
}

/// Words from which recipes are put together; some are refused.
class RandomRecipe {
 public:
  explicit RandomRecipe(std::uint64_t seed) : random_(seed) {}

  std::string text() {
    std::string toml = "[output]\nvalid = " + one({"true\n", "false\n"}) +
                       one({"", "", "align = \"event\"\n"}) + "[sequence]\n" +
                       one({"", "", "max_length = 3\n", "until = \"2024-03-04\"\n",
                            "until = \"2024-03-04\"\nmax_age = \"40d\"\n",
                            "timezone = \"Europe/Prague\"\n", "week_start = 7\n",
                            "drop_empty = true\n"}) +
                       "[[input]]\ncolumn = \"amount\"\n";
    const int targets = 1 + static_cast<int>(random_() % 5);
    for (int t = 0; t < targets; ++t) toml += target(t);
    return toml;
  }
  const std::string& one(const std::vector<std::string>& words) {
    return words[random_() % words.size()];
  }

 private:
  std::string target(int t) {
    const std::string name = "name = \"t" + std::to_string(t) + "\"\n";
    if (t > 0 && random_() % 5 == 0) {
      return "[[target]]\n" + name + "expression = \"" +
             one({"t0 / t0", "log10(t0)", "clip(t0, -1, 1) * 1e300",
                  "if(t0 > 1, t0, 2)", "min(t0, 3) - t1"}) +
             "\"\n";
    }
    return "[[target]]\n" + name + "aggregate = \"" +
           one({"count()", "sum(amount)", "mean(amount)", "min(amount)", "max(amount)",
                "std(amount)", "var(amount, ddof = 0)", "median(amount)",
                "quantile(amount, 0.9)", "nunique(kind)", "nunique(code)", "any()",
                "first(amount)", "last(code)", "days_since_last()",
                "sum(amount * 1e200)", "sum(code + 1)"}) +
           "\"\n" +
           one({"", "", "where = \"code > 16777216\"\n",
                "where = 'kind in (\"a\", \" \", \"nobody\")'\n",
                "where = \"amount between -5 and 5 or amount is null\"\n",
                "where = \"not (hour(time) < 12) and weekday(time) != 7\"\n",
                "where = \"code in (-7, 9223372036854775807)\"\n"}) +
           "every = " +
           one({"\"minute\"", "\"hour\"", "\"day\"", "\"week\"", "\"month\"",
                "\"quarter\"", "\"year\"", "\"6h\"", "\"event\"", "\"sequence\""}) +
           "\n" +
           one({"", "look_back = 1\n", "look_back = 7\n", "look_back = \"all\"\n",
                "look_back = \"30d\"\n", "look_back = 9223372036854775807\n",
                "look_back = 3\nlook_back_by = \"present\"\n", "look_ahead = 1\n",
                "look_ahead = \"2d\"\n", "look_ahead = 9223372036854775807\n",
                "look_back = 2\nlag = 3\n", "within = \"day\"\n"}) +
           one({"", "", "warmup = \"invalid\"\n", "empty = 1.5\n"});
  }

  std::mt19937_64 random_;
};

/// Three users of up to `rows` rows with every value that may stand in a column.
io::Dataset random_table(std::mt19937_64& random, RandomRecipe& words, Index rows) {
  std::string user, time, amount, kind, code;
  const bool seconds = random() % 2 == 0;
  for (Index r = 0; r < rows; ++r) {
    const std::string comma = r == 0 ? "" : ", ";
    user += comma + words.one({"1", "1", "2", "-3", "null"});
    time += comma + (seconds ? words.one({"1709285400", "1709285400", "1709890000", "0",
                                          "-86401", "253402300799", "-62135596800",
                                          "9223372036854775807", "null"})
                             : words.one({"1709285400000000000", "1709890000000000000",
                                          "-9223372036854775807", "9223372036854775807",
                                          "-1"}));
    amount += comma + words.one({"1.25", "-4", "1e308", "-1e308", "NaN", "Inf", "-Inf",
                                 "null", "0.1", "5e-324"});
    kind += comma + words.one({"\"a\"", "\" \"", "\"\"", "null", "\"zz\""});
    code += comma + words.one({"16777217", "-7", "9223372036854775807", "0", "null"});
  }
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  options.policies.on_bad = OnBad::skip;
  options.policies.max_bad = MaxBad{.count = {}, .fraction = 1.0};
  options.memory_budget = Index{16} << 20;
  const auto unit = seconds ? arrow::TimeUnit::SECOND : arrow::TimeUnit::NANO;
  return io::from_batches(
      {testing::batch_of({{"user", arrow::int64(), "[" + user + "]"},
                          {"time", arrow::timestamp(unit), "[" + time + "]"},
                          {"amount", arrow::float64(), "[" + amount + "]"},
                          {"kind", arrow::utf8(), "[" + kind + "]"},
                          {"code", arrow::int64(), "[" + code + "]"}})},
      options);
}

TEST(RandomRecipes, OverRandomTablesEndWithinTheLedgerOrAreRefused) {
  std::mt19937_64 random(31);
  Index done = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomRecipe words(seed);
    const std::string text = words.text();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    const io::Dataset dataset =
        random_table(random, words, static_cast<Index>(random() % 40));
    const ReadReport& read = dataset.report();
    ASSERT_EQ(read.rows_seen,
              read.rows_given + read.rows_filtered + read.dropped_total());
    try {
      const Recipe recipe = Recipe::from_toml(text, "random.toml");
      const ApplyReport report = apply(recipe, dataset, {.threads = 2},
                                       [](const std::string&, const RecordBatch&) {});
      ASSERT_EQ(report.events, read.rows_given);
      LoaderOptions options;
      options.shard = {.batch_size = 2, .rank = 0, .world_size = 1};
      options.num_workers = 1;
      options.memory_budget = Index{16} << 20;
      ShuffleSampler sampler;
      sampler.samples = Plan(recipe, dataset).samples();
      if (sampler.samples > 0) {
        Loader loader(dataset, recipe, sampler, options);
        auto epoch = loader.begin_epoch();
        while (epoch.next()) {
        }
        for (const auto& [account, peak] : loader.stats().ledger_peak) {
          ASSERT_LE(peak, options.memory_budget) << account;
        }
      }
      ++done;
    } catch (const ArgumentError&) {  // what a recipe may not say
    } catch (const DataError&) {
    }
    ASSERT_LE(dataset.ledger()->peak(), dataset.ledger()->budget());
  }
  EXPECT_GT(done, 100) << "too many are refused to prove anything";
}

}  // namespace
}  // namespace lade
