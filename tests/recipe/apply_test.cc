// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/apply.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>

#include "lade/core/hash.h"
#include "lade/core/table.h"
#include "lade/core/table_internal.h"
#include "lade/io/manifest.h"
#include "lade/recipe/plan.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"
#include "tests/testing/targets.h"
#include "tests/testing/temporary_directory.h"

namespace lade {
namespace {

io::Dataset example() { return testing::dataset_of(testing::example_events()); }

Recipe recipe() {
  return Recipe::from_toml(R"toml(
[[target]]
name = "mean_food"
where = "mcc in (5411, 5499)"
aggregate = "mean(amount)"
every = "day"
look_back = 7
[[target]]
name = "total"
aggregate = "sum(amount)"
every = "sequence"
)toml",
                           "test.toml");
}

std::map<std::string, std::string> run(const ApplyOptions& options,
                                       ApplyReport* report = nullptr) {
  std::map<std::string, std::string> text;
  const ApplyReport given =
      apply(recipe(), example(), options,
            [&](const std::string& every, const RecordBatch& batch) {
              text[every] += batch->ToString();
            });
  if (report != nullptr) *report = given;
  return text;
}

TEST(Apply, EndsWhenItsPollThrows) {
  struct Enough {};
  int calls = 0;
  ApplyOptions options{.threads = 1};
  options.poll = [&calls] {
    ++calls;
    throw Enough{};
  };
  EXPECT_THROW(run(options), Enough);
  EXPECT_EQ(calls, 1);
}

TEST(Apply, GivesOneTableABoundarySetWithNullForInvalid) {
  std::map<std::string, RecordBatch> tables;
  apply(recipe(), example(), {},
        [&](const std::string& every, const RecordBatch& batch) {
          tables[every] = batch;
        });
  ASSERT_EQ(tables.size(), 2U);
  const auto& day = tables["day"];
  EXPECT_EQ(day->schema()->field_names(),
            (std::vector<std::string>{"user", "interval_start", "interval_end",
                                      "position", "mean_food"}));
  ASSERT_EQ(day->num_rows(), 6);
  const auto& mean = static_cast<const arrow::FloatArray&>(*day->column(4));
  EXPECT_EQ(mean.Value(0), 10.0F);
  EXPECT_EQ(mean.Value(2), 7.0833335F);
  EXPECT_TRUE(mean.IsNull(5));
  EXPECT_EQ(day->column(1)->GetScalar(0).ValueOrDie()->ToString(),
            "2024-03-01 00:00:00.000000");
  EXPECT_EQ(day->column(2)->GetScalar(0).ValueOrDie()->ToString(),
            "2024-03-02 00:00:00.000000");
  EXPECT_EQ(tables["sequence"]->schema()->field_names(),
            (std::vector<std::string>{"user", "total"}));
}

TEST(Apply, GivesSpreadOrderAndDifferentValuesOfTheExample) {
  const std::string food = "where = \"mcc in (5411, 5499)\"\nevery = \"sequence\"\n";
  const Recipe sequence = Recipe::from_toml(
      "[[target]]\nname = \"std\"\naggregate = \"std(amount)\"\n" + food +
          "[[target]]\nname = \"median\"\naggregate = \"median(amount)\"\n" + food +
          "[[target]]\nname = \"low\"\naggregate = \"quantile(amount, 0.25)\"\n" +
          food +
          "[[target]]\nname = \"codes\"\naggregate = \"nunique(mcc)\"\n"
          "every = \"sequence\"\n",
      "test.toml");
  std::vector<float> values;
  apply(sequence, example(), {}, [&](const std::string&, const RecordBatch& batch) {
    for (const char* name : {"std", "median", "low", "codes"}) {
      const auto column = batch->GetColumnByName(name);
      values.push_back(static_cast<const arrow::FloatArray&>(*column).Value(0));
    }
  });
  EXPECT_EQ(values, (std::vector<float>{19.84282F, 7.25F, 4, 4}));
}

TEST(Apply, ReportsEachTarget) {
  ApplyReport report;
  run({}, &report);
  ASSERT_EQ(report.targets.size(), 2U);
  EXPECT_EQ(report.targets[0].every, "day");
  EXPECT_EQ(report.targets[0].values, 6);
  EXPECT_EQ(report.targets[0].valid, 5);
  EXPECT_EQ(report.targets[0].max, 26.5);
  EXPECT_EQ(report.targets[1].mean, 219.75);
  EXPECT_EQ(report.events, 8);
}

/// Many users of random days, with a missing amount here and there.
io::Dataset many_users() {
  arrow::Int64Builder user;
  arrow::TimestampBuilder time(arrow::timestamp(arrow::TimeUnit::SECOND),
                               arrow::default_memory_pool());
  arrow::DoubleBuilder amount;
  std::uint64_t state = 7;
  for (std::int64_t u = 0; u < 90; ++u) {
    std::int64_t at = 1'700'000'000;
    for (std::int64_t r = 0; r < u % 40; ++r) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      at += static_cast<std::int64_t>(state >> 46);
      check(user.Append(u), "test");
      check(time.Append(at), "test");
      check(state % 11 == 0 ? amount.AppendNull()
                            : amount.Append(static_cast<double>(state >> 40) / 100),
            "test");
    }
  }
  const auto schema = arrow::schema({arrow::field("user", arrow::int64()),
                                     arrow::field("time", time.type()),
                                     arrow::field("amount", arrow::float64())});
  const auto rows = user.length();
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches({arrow::RecordBatch::Make(
                              schema, rows,
                              {take(user.Finish(), "test"), take(time.Finish(), "test"),
                               take(amount.Finish(), "test")})},
                          options);
}

Recipe many_targets(const std::string& sequence = "") {
  std::string text = sequence;
  const auto add = [&text](const std::string& name, const std::string& rest) {
    text += "[[target]]\nname = \"" + name + "\"\n" + rest + "\n";
  };
  add("sum_week", "aggregate = \"sum(amount)\"\nevery = \"day\"\nlook_back = 7");
  add("twice", "expression = \"2 * sum_week + 1\"");
  add("least",
      "aggregate = \"min(amount)\"\nevery = \"day\"\nwhere = \"amount > 5e4\"");
  add("huge", "expression = \"1e38 * sum_week\"");
  add("next", "aggregate = \"sum(amount)\"\nevery = \"day\"\nlook_ahead = 3");
  add("total", "aggregate = \"sum(amount)\"\nevery = \"sequence\"");
  return Recipe::from_toml(text, "many.toml");
}

ApplyReport report_of(const Recipe& recipe, const io::Dataset& dataset, int threads,
                      Index block = 7) {
  return apply(recipe, dataset, {.threads = threads, .block_sequences = block},
               [](const std::string&, const RecordBatch&) {});
}

TEST(Apply, ReportsWhatWasSkippedAndWhatIsNotFinite) {
  const io::Dataset dataset = many_users();
  const ApplyReport report = report_of(many_targets(), dataset, 2);
  ASSERT_EQ(report.targets.size(), 6U);
  EXPECT_GT(report.targets[0].missing, 0);
  EXPECT_EQ(report.targets[0].nonfinite, 0);
  EXPECT_EQ(report.targets[3].name, "huge");
  EXPECT_GT(report.targets[3].nonfinite, 0);
  EXPECT_LE(report.targets[3].valid + report.targets[3].nonfinite,
            report.targets[3].values);
  EXPECT_EQ(report.targets[5].values, dataset.sequences());
  EXPECT_EQ(report.read.rows_seen, report.read.rows_given + report.read.rows_filtered +
                                       report.read.dropped_total());
  EXPECT_EQ(report.events, report.read.rows_given);
  EXPECT_EQ(report.events_hidden, 0);
}

TEST(Apply, NamesTargetsThatSayTheSame) {
  const ApplyReport report = report_of(many_targets(), many_users(), 2);
  ASSERT_EQ(report.correlated.size(), 1U);
  EXPECT_EQ(report.correlated[0].first, "sum_week");
  EXPECT_EQ(report.correlated[0].second, "twice");
  EXPECT_EQ(report.correlated[0].every, "day");
  EXPECT_GT(report.correlated[0].correlation, 0.999999);
  EXPECT_EQ(report.correlated[0].values, report.targets[0].valid);
  EXPECT_EQ(report.not_compared, 0);
}

TEST(Apply, SameReportForAnyThreads) {
  const io::Dataset dataset = many_users();
  const ApplyReport one = report_of(many_targets(), dataset, 1);
  for (const int threads : {2, 7}) {
    const ApplyReport more = report_of(many_targets(), dataset, threads);
    ASSERT_EQ(one.targets.size(), more.targets.size());
    for (std::size_t t = 0; t < one.targets.size(); ++t) {
      EXPECT_EQ(one.targets[t].valid, more.targets[t].valid);
      EXPECT_EQ(one.targets[t].missing, more.targets[t].missing);
      EXPECT_EQ(one.targets[t].nonfinite, more.targets[t].nonfinite);
      EXPECT_EQ(one.targets[t].mean, more.targets[t].mean);
    }
    ASSERT_EQ(one.correlated.size(), more.correlated.size());
    EXPECT_EQ(one.correlated[0].correlation, more.correlated[0].correlation);
  }
}

TEST(Apply, CountsEventsBehindTheCut) {
  const ApplyReport report =
      report_of(many_targets("[sequence]\nuntil = \"2023-11-20\"\n"), many_users(), 2);
  EXPECT_GT(report.events_hidden, 0);
  EXPECT_LT(report.events_hidden, report.events);
}

TEST(Apply, GivesTheBytesOfComputeTargets) {
  const io::Dataset dataset = many_users();
  const Recipe recipe = many_targets();
  std::map<std::string, std::vector<float>> offline;
  apply(recipe, dataset, {.threads = 2, .block_sequences = 9},
        [&](const std::string&, const RecordBatch& batch) {
          for (int c = 0; c < batch->num_columns(); ++c) {
            if (batch->column(c)->type_id() != arrow::Type::FLOAT) continue;
            const auto& values =
                static_cast<const arrow::FloatArray&>(*batch->column(c));
            auto& all = offline[batch->column_name(c)];
            for (Index r = 0; r < values.length(); ++r) {
              all.push_back(values.IsNull(r) ? -1 : values.Value(r));
            }
          }
        });
  const Plan plan(recipe, dataset);
  const TargetPlan& targets = *plan.targets();
  const io::DatasetReader reader = dataset.reader(plan.columns());
  std::map<std::string, std::vector<float>> direct;
  TargetScratch scratch;
  SequenceTargets out;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const auto sequence = reader.sequence(s);
    compute_targets(targets, sequence.view, sequence.view.rows, scratch, out);
    for (Index t = 0; t < targets.size(); ++t) {
      const auto k = static_cast<std::size_t>(t);
      auto& all = direct[targets.name(t)];
      for (std::size_t i = 0; i < out.value[k].size(); ++i) {
        all.push_back(out.valid[k][i] == 0 ? -1 : out.value[k][i]);
      }
    }
  }
  EXPECT_EQ(offline.size(), 6U);
  EXPECT_EQ(offline, direct);  // amounts are >= 0: -1 is no value
}

TEST(Apply, SameBytesForAnyThreads) {
  ApplyOptions one;
  one.threads = 1;
  ApplyOptions many;
  many.threads = 3;
  many.block_sequences = 1;
  EXPECT_EQ(run(one), run(many));
}

/// All rows of every boundary set, however they came.
std::map<std::string, RecordBatch> joined(const Recipe& recipe,
                                          const io::Dataset& dataset, int threads,
                                          Index block) {
  std::map<std::string, arrow::RecordBatchVector> batches;
  apply(recipe, dataset, {.threads = threads, .block_sequences = block},
        [&](const std::string& every, const RecordBatch& batch) {
          batches[every].push_back(batch);
        });
  std::map<std::string, RecordBatch> tables;
  for (const auto& [every, of_set] : batches) {
    const auto table = take(arrow::Table::FromRecordBatches(of_set), "test");
    tables[every] = take(table->CombineChunksToBatch(), "test");
  }
  return tables;
}

TEST(Apply, SameBytesForAnyBlocksThreadsAndInstructionSets) {
  const io::Dataset dataset = many_users();
  const Recipe recipe = many_targets();
  const auto one = joined(recipe, dataset, 1, 1024);
  ASSERT_EQ(one.size(), 2U);
  testing::for_each_target([&] {
    for (const int threads : {1, 2, 7}) {
      for (const Index block : {1, 7, 89, 1024}) {
        const auto other = joined(recipe, dataset, threads, block);
        ASSERT_EQ(other.size(), one.size());
        for (const auto& [every, table] : one) {
          EXPECT_TRUE(table->Equals(*other.at(every)))
              << every << ", " << threads << " threads, blocks of " << block;
        }
      }
    }
  });
}

/// The chunk of a sequence, which stays with the sequence.
std::shared_ptr<const Chunk> borrowed(const io::DatasetReader::Sequence& sequence) {
  return {std::shared_ptr<const void>(), sequence.view.chunk};
}

/// The tables of `recipe()` as files of a format, each read back as one batch of text.
std::map<std::string, std::string> files_of(io::TableFormat format,
                                            const std::string& directory) {
  ApplyOptions options;
  options.format = format;
  apply_to(recipe(), example(), directory, options);
  std::map<std::string, std::string> text;
  for (const auto& [every, schema] : apply_schemas(recipe(), example())) {
    const std::string path =
        directory + "/targets." + every + std::string(io::suffix(format));
    io::OpenOptions open;
    open.entity = "user";
    open.source = io::csv_source(import_schema(*schema, "test"));
    open.source.format = io::name(format);
    const io::Dataset dataset = io::open({path}, open);
    const auto sequence =
        dataset.reader(dataset.schema().names(), dataset.ledger()).sequence(0);
    text[every] = export_chunk(borrowed(sequence), dataset.schema())->ToString();
  }
  return text;
}

TEST(Apply, WritesTheSameValuesInEveryFormat) {
  const testing::TemporaryDirectory dir;
  const auto parquet = files_of(io::TableFormat::parquet, dir / "p");
  ASSERT_EQ(parquet.size(), 2U);
  EXPECT_EQ(files_of(io::TableFormat::ipc, dir / "i"), parquet);
  EXPECT_EQ(files_of(io::TableFormat::csv, dir / "c"), parquet);
}

TEST(Apply, WritesCsvWithShortestNumbersAndEmptyFieldsForInvalid) {
  const testing::TemporaryDirectory dir;
  ApplyOptions options;
  options.format = io::TableFormat::csv;
  apply_to(recipe(), example(), dir / "t", options);
  const std::string day = testing::slurp(dir / "t/targets.day.csv");
  EXPECT_TRUE(
      day.starts_with("user,interval_start,interval_end,position,mean_food\n"
                      "1,2024-03-01T00:00:00.000000,"
                      "2024-03-02T00:00:00.000000,1,10\n"))
      << day;
  EXPECT_NE(day.find(",4,7.0833335\n"), std::string::npos) << day;
  EXPECT_TRUE(day.ends_with(",7,\n")) << day;
  const auto manifest = io::read_manifest(io::real_files(), dir / "t");
  ASSERT_TRUE(manifest);
  const io::ManifestFile* listed = manifest->find("targets.day.csv");
  ASSERT_NE(listed, nullptr);
  EXPECT_EQ(listed->rows, 6);
  EXPECT_EQ(listed->xxh3, xxh3_64(day));
}

TEST(Apply, RefusesARecipeWithoutTargets) {
  EXPECT_THROW(apply(Recipe::from_toml("input = [ { column = \"amount\" } ]", "t"),
                     example(), {}, [](const std::string&, const RecordBatch&) {}),
               ArgumentError);
}

}  // namespace
}  // namespace lade
