// SPDX-License-Identifier: Apache-2.0
// compat = "hppl" against the published generator (tests/data/README.md).
#include "lade/recipe/hppl.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "lade/core/random.h"
#include "lade/core/table_internal.h"
#include "lade/recipe/apply.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/plan.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

using Bits = std::vector<std::uint32_t>;

Bits bits_of(const float* values, Index n) {
  Bits bits(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    bits[static_cast<std::size_t>(i)] = std::bit_cast<std::uint32_t>(values[i]);
  }
  return bits;
}

io::Dataset events() {
  io::OpenOptions options;
  options.entity = "user_id";
  options.time = "time";
  return io::open({LADE_TEST_DATA "/hppl_events.v1.parquet"}, options);
}

/// Values of the published generator by target name and user.
std::map<std::string, std::vector<Bits>> published() {
  auto file =
      take(arrow::io::ReadableFile::Open(LADE_TEST_DATA "/hppl_targets.v1.parquet"),
           "published");
  auto reader =
      take(parquet::arrow::OpenFile(file, arrow::default_memory_pool()), "published");
  const auto read = take(reader->ReadTable(), "published");
  const auto table = take(read->CombineChunks(), "published");
  const auto column = [&](const char* name) {
    return table->GetColumnByName(name)->chunk(0);
  };
  const auto text = [&](const char* name, Index r) {
    return std::static_pointer_cast<arrow::StringArray>(column(name))->GetString(r);
  };
  const auto user = std::static_pointer_cast<arrow::Int64Array>(column("user_id"));
  const auto back = std::static_pointer_cast<arrow::Int32Array>(column("look_back"));
  const auto lists = std::static_pointer_cast<arrow::ListArray>(column("values"));
  const auto values = std::static_pointer_cast<arrow::FloatArray>(lists->values());
  std::map<std::string, std::vector<Bits>> result;
  for (Index r = 0; r < table->num_rows(); ++r) {
    const std::string name = text("unit", r) + "|" + text("filter", r) + "|" +
                             text("aggregate", r) + "|" +
                             std::to_string(back->Value(r));
    auto& users = result[name];
    users.resize(7);
    users[static_cast<std::size_t>(user->Value(r))] =
        bits_of(values->raw_values() + lists->value_offset(r), lists->value_length(r));
  }
  return result;
}

/// A recipe with all targets of the published values.
Recipe recipe_of(const std::map<std::string, std::vector<Bits>>& values,
                 const std::string& more = "") {
  std::string toml = "compat = \"hppl\"\n" + more;
  for (const auto& [name, users] : values) {
    std::vector<std::string> words = {""};
    for (const char c : name) {
      if (c == '|') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    toml += "[[target]]\nname = \"" + name + "\"\nevery = \"" + words[0] +
            "\"\nwhere = \"" + words[1] + "\"\naggregate = \"" + words[2] +
            "(amount)\"\nlook_back = " + words[3] + "\n";
  }
  return Recipe::from_toml(toml, "hppl.toml");
}

TEST(Hppl, ComputeTargetsEqualsThePublishedGeneratorInAllRows) {
  const auto expected = published();
  const io::Dataset dataset = events();
  const Recipe recipe = recipe_of(expected);
  const Index time = dataset.schema().find("time");
  BoundTargets bound = bind_targets(recipe.spec(), dataset.schema(), time);
  const TargetPlan plan(dataset.schema(), time, bound.targets, bound.mixes, 0);
  const auto reader = dataset.reader(dataset.schema().names(), dataset.ledger());
  TargetScratch scratch;
  SequenceTargets out;
  Index rows = 0;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const auto sequence = reader.sequence(s);
    compute_targets(plan, sequence.view, sequence.view.rows, scratch, out);
    for (Index t = 0; t < plan.size(); ++t, ++rows) {
      const auto& values = out.value[static_cast<std::size_t>(t)];
      EXPECT_EQ(bits_of(values.data(), static_cast<Index>(values.size())),
                expected.at(plan.name(t))[static_cast<std::size_t>(s)])
          << plan.name(t) << ", user " << s;
    }
  }
  EXPECT_EQ(rows, 1'120);
}

TEST(Hppl, ApplyEqualsThePublishedGeneratorInAllRows) {
  const auto expected = published();
  Index rows = 0;
  apply(recipe_of(expected), events(), {},
        [&](const std::string&, const RecordBatch& batch) {
          const auto users =
              std::static_pointer_cast<arrow::Int64Array>(batch->column(0));
          for (int c = 4; c < batch->num_columns(); ++c) {
            const auto& name = batch->schema()->field(c)->name();
            const auto values =
                std::static_pointer_cast<arrow::FloatArray>(batch->column(c));
            EXPECT_EQ(values->null_count(), 0) << name;
            Index begin = 0;
            for (Index end = 1; end <= batch->num_rows(); ++end) {
              const auto user = users->Value(begin);
              if (end < batch->num_rows() && users->Value(end) == user) continue;
              EXPECT_EQ(bits_of(values->raw_values() + begin, end - begin),
                        expected.at(name)[static_cast<std::size_t>(user)])
                  << name << ", user " << user;
              begin = end;
              ++rows;
            }
          }
        });
  EXPECT_EQ(rows, 1'120);
}

/// All users in one batch.
struct Built {
  Plan plan;
  std::shared_ptr<Slab> slab;
  std::vector<Plan::Placed> placed;

  Built(const Recipe& recipe, const io::Dataset& dataset) : plan(recipe, dataset) {
    std::vector<Index> ids(static_cast<std::size_t>(plan.samples()));
    std::iota(ids.begin(), ids.end(), 0);
    auto ledger = std::make_shared<Ledger>(Index{256} << 20);
    SlabPool pool(ledger);
    const Plan::Shape shape = plan.shape(ids);
    slab = pool.take(shape.bytes_bound, true);
    auto build = plan.begin(ids, 0, slab, shape);
    BuildScratch scratch;
    BuildCounts counts;
    plan.build_rows(*build, 0, plan.samples(), dataset.reader(plan.columns(), ledger),
                    scratch, counts);
    placed = plan.finish(*build);
  }
  const Plan::Placed* find(const std::string& name) const {
    for (const Plan::Placed& array : placed) {
      if (array.spec->name == name) return &array;
    }
    return nullptr;
  }
  template <class T>
  const T* values(const Plan::Placed& array) const {
    return reinterpret_cast<const T*>(slab->data() + array.offset);
  }
};

TEST(Hppl, BatchesHoldTheWholeHistoryInThreeAxesAlthoughInputsAreCropped) {
  const auto expected = published();
  const Built built(recipe_of(expected,
                              "input = [{ column = \"amount\" }]\n"
                              "sequence = { max_length = 20 }\n"),
                    events());
  Index rows = 0;
  for (const auto& [name, users] : expected) {
    const Plan::Placed* array = built.find("targets/" + name);
    ASSERT_NE(array, nullptr) << name;
    ASSERT_EQ(array->shape.size(), 3U);
    EXPECT_EQ(array->shape[0], 7);
    EXPECT_EQ(array->shape[2], 1);
    for (std::size_t user = 0; user < users.size(); ++user, ++rows) {
      Bits row(static_cast<std::size_t>(array->shape[1]), 0);
      std::copy(users[user].begin(), users[user].end(), row.begin());
      EXPECT_EQ(bits_of(built.values<float>(*array) +
                            static_cast<Index>(user) * array->shape[1],
                        array->shape[1]),
                row)
          << name << ", user " << user;
    }
  }
  EXPECT_EQ(rows, 1'120);
  EXPECT_EQ(built.find("mask"), nullptr);
  const Plan::Placed* padding = built.find("padding_mask");
  ASSERT_NE(padding, nullptr);
  EXPECT_EQ(padding->shape, (std::vector<Index>{7, 20}));
  EXPECT_EQ(built.values<std::uint8_t>(*padding)[0], 0);
  EXPECT_EQ(built.values<std::uint8_t>(*padding)[1], 1);  // user 0 has one event
}

TEST(Hppl, TargetPositionIsMinusOneWhereTheIntervalWasCroppedAway) {
  const Recipe recipe = Recipe::from_toml(
      "compat = \"hppl\"\nsequence = { max_length = 1 }\ninput = [{ column = "
      "\"amount\" }]\ntarget = [{ name = \"x\", every = \"day\", aggregate = "
      "\"sum(amount)\" }]\n",
      "a.toml");
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  const Built built(recipe, io::from_batches({testing::example_events()}, options));
  const Plan::Placed& position = *built.find("target_position");
  EXPECT_EQ(position.shape, (std::vector<Index>{1, 6}));
  const auto* at = built.values<std::int32_t>(position);
  EXPECT_EQ(std::vector<std::int32_t>(at, at + 6),
            (std::vector<std::int32_t>{-1, -1, -1, -1, -1, 0}));
}

/// Made rows of one user: days 1 to 3 apart, amount a copy of x.
RecordBatch made_rows(std::vector<float>& amounts, std::vector<std::int64_t>& days) {
  std::string user, time, amount;
  std::int64_t day = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    day += static_cast<std::int64_t>(random::below(5, i, 3));
    const double x = std::round(random::unit(random::draw(6, i)) * 1200 - 200) / 100;
    amounts.push_back(static_cast<float>(x));
    days.push_back(day);
    const char* comma = i == 0 ? "" : ", ";
    user += comma + std::string("1");
    time += comma + std::to_string(day * 86'400);
    amount += comma + std::to_string(x);
  }
  return testing::batch_of(
      {{"user", arrow::int64(), "[" + user + "]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND), "[" + time + "]"},
       {"amount", arrow::float64(), "[" + amount + "]"},
       {"copy", arrow::float64(), "[" + amount + "]"}});
}

std::vector<Bits> columns_of(const std::string& toml, const RecordBatch& rows) {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  std::vector<Bits> result;
  apply(Recipe::from_toml(toml, "a.toml"), io::from_batches({rows}, options), {},
        [&](const std::string&, const RecordBatch& batch) {
          for (int c = 4; c < batch->num_columns(); ++c) {
            const auto values =
                std::static_pointer_cast<arrow::FloatArray>(batch->column(c));
            result.push_back(bits_of(values->raw_values(), values->length()));
          }
        });
  return result;
}

std::string target(const std::string& name, const std::string& aggregate,
                   const std::string& where, Index look_back) {
  return "[[target]]\nname = \"" + name + "\"\nevery = \"day\"\naggregate = \"" +
         aggregate + "\"\nwhere = \"" + where +
         "\"\nlook_back = " + std::to_string(look_back) + "\n";
}

TEST(Hppl, FilterColumnEqualToTheValueColumnIsTheFormula) {
  std::vector<float> amounts;
  std::vector<std::int64_t> days;
  const RecordBatch rows = made_rows(amounts, days);
  for (const Index k : {1, 2, 5, 30}) {
    std::vector<std::size_t> ends;
    for (std::size_t r = 0; r < days.size(); ++r) {
      if (r + 1 == days.size() || days[r] != days[r + 1]) ends.push_back(r);
    }
    std::vector<float> sums;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const auto back = static_cast<std::size_t>(k);
      const std::size_t begin = i == 0 ? 0 : ends[i > back ? i - back : 0] + 1;
      float sum = 0.0F;
      for (std::size_t r = begin; r <= ends[i]; ++r) {
        if (amounts[r] > 2.0F) sum += amounts[r];  // the bound is cut toward zero
      }
      sums.push_back(sum);
    }
    EXPECT_EQ(columns_of("compat = \"hppl\"\n" +
                             target("x", "sum(amount)", "amount >= 2.9", k),
                         rows)
                  .front(),
              bits_of(sums.data(), static_cast<Index>(sums.size())))
        << k;
  }
}

TEST(Hppl, FilterColumnEqualToTheValueColumnIsThatOfACopy) {
  std::vector<float> amounts;
  std::vector<std::int64_t> days;
  const RecordBatch rows = made_rows(amounts, days);
  for (const char* aggregate : {"sum", "mean", "min", "max"}) {
    for (const char* test : {"== 3", "> -1", ">= 5.5"}) {
      const std::string call = std::string(aggregate) + "(amount)";
      const auto columns = columns_of(
          "compat = \"hppl\"\n" + target("x", call, "amount " + std::string(test), 2) +
              target("y", call, "copy " + std::string(test), 2),
          rows);
      EXPECT_EQ(columns[0], columns[1]) << call << " where " << test;
    }
  }
}

TEST(Hppl, OfTheWorkedExampleCountsIntervalsAndMissesTheFirstOne) {
  // `food` is 1 where the code is 5411 or 5499.
  const RecordBatch rows = testing::batch_of(
      {{"user", arrow::int64(), "[1, 1, 1, 1, 1, 1, 1, 1]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
        R"(["2024-03-01 09:00:00", "2024-03-01 18:30:00", "2024-03-02 10:00:00",
            "2024-03-04 08:00:00", "2024-03-04 08:00:00", "2024-03-10 23:59:00",
            "2024-03-11 00:00:00", "2024-04-01 12:00:00"])"},
       {"amount", arrow::float64(), "[10, 25.5, 4, 100, 7.25, 3, 50, 20]"},
       {"food", arrow::int64(), "[1, 0, 1, 0, 1, 1, 1, 0]"}});
  const std::vector<float> wanted = {10, 4, 11.25F, 14.25F, 60.25F, 53};
  EXPECT_EQ(
      columns_of("compat = \"hppl\"\n" + target("x", "sum(amount)", "food == 1", 3),
                 rows)
          .front(),
      bits_of(wanted.data(), 6));
}

TEST(Hppl, MixesAreUnguardedF32) {
  std::vector<float> amounts;
  std::vector<std::int64_t> days;
  const RecordBatch rows = made_rows(amounts, days);
  const auto columns =
      columns_of("compat = \"hppl\"\n" + target("a", "sum(amount)", "amount > 4", 3) +
                     target("b", "max(amount)", "amount > 8", 2) +
                     "[[target]]\nname = \"m\"\nexpression = \"a / b + 0.1 * a\"\n",
                 rows);
  bool infinite = false;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    const auto a = std::bit_cast<float>(columns[0][i]);
    const auto b = std::bit_cast<float>(columns[1][i]);
    const float mix = a / b + 0.1F * a;
    const auto given = std::bit_cast<float>(columns[2][i]);
    infinite = infinite || !std::isfinite(mix);
    EXPECT_TRUE(given == mix || (std::isnan(given) && std::isnan(mix))) << i;
  }
  EXPECT_TRUE(infinite);  // x / 0 is given as it is
}

TEST(Hppl, WeeksAreCutAtNewYear) {
  const RecordBatch rows = testing::batch_of(
      {{"user", arrow::int64(), "[1, 1, 1]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
        R"(["2019-12-29 09:00:00", "2019-12-31 10:00:00", "2020-01-01 11:00:00"])"},
       {"amount", arrow::float64(), "[1, 2, 4]"}});
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  const Recipe recipe = Recipe::from_toml(
      "compat = \"hppl\"\ntarget = [{ name = \"x\", every = \"week\", aggregate = "
      "\"sum(amount)\" }]\n",
      "a.toml");
  std::string text;
  apply(
      recipe, io::from_batches({rows}, options), {},
      [&](const std::string&, const RecordBatch& batch) { text = batch->ToString(); });
  for (const char* edge : {"2019-12-23 00:00:00", "2019-12-30 00:00:00",
                           "2020-01-01 00:00:00", "2020-01-06 00:00:00"}) {
    EXPECT_NE(text.find(edge), std::string::npos) << edge << text;
  }
}

std::string refusal(const std::string& toml) {
  try {
    Recipe::from_toml("compat = \"hppl\"\n" + toml, "a.toml");
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Hppl, RefusesWhatThePublishedGeneratorDoesNotKnow) {
  const std::string base =
      "[[target]]\nname = \"x\"\naggregate = \"sum(a)\"\nevery = \"day\"\n";
  const std::string rule = " is not allowed with compat = \"hppl\"";
  const std::string at = "a.toml: line 6: [[target]] 1 \"x\": ";
  EXPECT_EQ(refusal(base), "accepted");
  for (const char* field : {"look_ahead = 1", "lag = 1", "warmup = \"invalid\"",
                            "missing = \"fail\"", "look_back_by = \"present\""}) {
    const std::string name(field, std::strchr(field, ' '));
    EXPECT_EQ(refusal(base + field), at + name + ":" + rule) << field;
  }
  EXPECT_EQ(refusal(base + "look_back = \"7d\""),
            at + "look_back: must be a number of intervals with compat = \"hppl\", got "
                 "'7d'");
  EXPECT_EQ(refusal(base + "look_back = 0"), at + "look_back: must be >= 1, got 0");
  EXPECT_EQ(refusal(base + "empty = 1"),
            at + "empty: must be 0 with compat = \"hppl\", got 1");
  EXPECT_NE(refusal(base + "where = \"a < 1\"").find("^~~~~"), std::string::npos);
  EXPECT_NE(refusal(base + "where = \"a == 1.5\"").find("takes a whole number"),
            std::string::npos);
  EXPECT_NE(refusal(base + "where = \"a > 1 and a > 2\"").find("must be column"),
            std::string::npos);
  EXPECT_NE(refusal(base + "where = \"a > 3e9\"").find("must fit 32 bits"),
            std::string::npos);
  EXPECT_EQ(refusal("[[target]]\nname = \"x\"\naggregate = \"count()\"\nevery = "
                    "\"day\"\n"),
            "a.toml: line 4: [[target]] 1 \"x\": aggregate: must be sum, mean, min or "
            "max with compat = \"hppl\", got 'count()'");
  EXPECT_NE(refusal("[[target]]\nname = \"x\"\naggregate = \"sum(a)\"\nevery = "
                    "\"hour\"\n")
                .find("every: must be one of \"day\", \"week\""),
            std::string::npos);
  EXPECT_EQ(
      refusal("[output]\nmask = true\n"),
      "a.toml: line 3: [output]: mask:" + rule + ": it gives padding_mask instead");
  EXPECT_EQ(refusal("[output]\nstack = true\n"),
            "a.toml: line 3: [output]: stack:" + rule);
  EXPECT_EQ(refusal("[sequence]\nweek_start = 7\n"),
            "a.toml: line 3: [sequence]: week_start:" + rule);
  EXPECT_EQ(
      refusal(base + "[[target]]\nname = \"y\"\nof = \"x\"\nthresholds = [1.0]\n"),
      "a.toml: line 8: [[target]] 2 \"y\": of:" + rule);
}

}  // namespace
}  // namespace lade
