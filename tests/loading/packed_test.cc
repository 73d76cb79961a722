// SPDX-License-Identifier: Apache-2.0
// Packed batches hold what padded ones hold, without the padding.
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "lade/loading/choose_samples.h"
#include "lade/loading/loader.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

constexpr Index kUsers = 20;

/// User u has u + 1 rows, two of them a day; user 0's only amount is null.
io::Dataset events() {
  std::string user = "[";
  std::string time = "[";
  std::string amount = "[";
  for (Index u = 0; u < kUsers; ++u) {
    for (Index e = 0; e <= u; ++e) {
      const char* const comma = u == 0 && e == 0 ? "" : ",";
      user += comma + std::to_string(u);
      time += comma + std::to_string(1'700'000'000 + e * 43'200);
      amount += comma + (u == 0 ? std::string("null") : std::to_string(e * 100 + u));
    }
  }
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches(
      {testing::batch_of(
          {{"user", arrow::int64(), user + "]"},
           {"time", arrow::timestamp(arrow::TimeUnit::SECOND), time + "]"},
           {"amount", arrow::float64(), amount + "]"}})},
      options);
}

Recipe recipe(const std::string& sequence = "") {
  return Recipe::from_toml("[sequence]\nmax_length = 15\n" + sequence + R"toml(
[[input]]
column = "amount"
[[input]]
column = "amount"
transform = "log10(shift = 1)"
as = "log"
[[target]]
name = "so_far_today"
aggregate = "sum(amount)"
every = "event"
within = "day"
[[target]]
name = "spent_3d"
aggregate = "sum(amount)"
every = "day"
look_back = 3
[[target]]
name = "total"
aggregate = "sum(amount)"
every = "sequence"
)toml",
                           "test.toml");
}

Loader loader_of(bool packed, int workers = 0, Index bucket_window = 0) {
  LoaderOptions options;
  options.shard.batch_size = 8;
  options.seed = 7;
  options.num_workers = workers;
  options.digest = DigestKind::content;
  options.memory_budget = Index{64} << 20;
  options.plan.packed = packed;
  const auto data = events();
  SampleChoice choice;
  choice.shuffle = "global";
  choice.seed = 7;
  choice.bucket_window = bucket_window;
  return Loader(data, recipe(), choose_samples(Plan(recipe(), data), choice), options);
}

template <class T>
const T* data_of(const Batch& batch, std::string_view name) {
  return static_cast<const T*>(batch.find(name)->data);
}

TEST(Packed, RowsAreThoseOfThePaddedBatchOneAfterTheOther) {
  auto padded = loader_of(false);
  auto packed = loader_of(true);
  for (Index step = 0; step < padded.steps(); ++step) {
    const Batch want = padded.batch_at(0, step);
    const Batch got = packed.batch_at(0, step);
    ASSERT_EQ(got.rows(), want.rows());
    const auto* const lengths = data_of<std::int32_t>(want, "lengths");
    const auto* const offsets = data_of<std::int32_t>(got, "offsets");
    const Index events = std::accumulate(lengths, lengths + want.rows(), Index{0});
    EXPECT_EQ(got.find("offsets")->shape, (std::vector<Index>{got.rows() + 1}));
    EXPECT_EQ(got.find("numerical")->shape, (std::vector<Index>{events, 2}));
    EXPECT_EQ(got.find("targets/so_far_today")->shape, (std::vector<Index>{events}));
    EXPECT_EQ(offsets[0], 0);
    const Index longest = want.find("numerical")->shape[1];
    for (Index row = 0; row < want.rows(); ++row) {
      ASSERT_EQ(offsets[row + 1] - offsets[row], lengths[row]);
      for (const auto& [name, width] :
           {std::pair{"numerical", 2}, {"targets/so_far_today", 1}}) {
        EXPECT_EQ(std::memcmp(data_of<float>(got, name) + offsets[row] * width,
                              data_of<float>(want, name) + row * longest * width,
                              sizeof(float) * static_cast<std::size_t>(lengths[row]) *
                                  static_cast<std::size_t>(width)),
                  0)
            << name << " " << row;
      }
    }
    for (const char* name : {"targets/spent_3d", "targets/total", "target_mask/day"}) {
      ASSERT_EQ(got.find(name)->shape, want.find(name)->shape) << name;
      EXPECT_EQ(std::memcmp(got.find(name)->data, want.find(name)->data,
                            static_cast<std::size_t>(want.find(name)->bytes())),
                0)
          << name;
    }
  }
}

TEST(Packed, HasTheContentDigestOfPaddedBatches) {
  EXPECT_EQ(content_digest(loader_of(true).batch_at(0, 1)),
            content_digest(loader_of(false).batch_at(0, 1)));
}

TEST(Packed, SameBytesForAnyWorkers) {
  std::set<std::uint64_t> digests;
  for (const int workers : {0, 1, 3}) {
    auto loader = loader_of(true, workers);
    auto iterator = loader.begin_epoch();
    while (iterator.next()) {
    }
    digests.insert(loader.digest());
    EXPECT_EQ(loader.stats().fill, 1.0);
  }
  EXPECT_EQ(digests.size(), 1U);
}

TEST(Packed, RefusesWhatPaddingAloneHas) {
  const auto data = events();
  PlanOptions options;
  options.packed = true;
  EXPECT_THROW(Plan(recipe("mask = true\n"), data, options), ArgumentError);
  options.pad_multiple = 8;
  EXPECT_THROW(Plan(recipe(), data, options), ArgumentError);
}

TEST(Buckets, LoaderServesLikeLengthsAndResumesAmongThem) {
  auto plain = loader_of(false);
  auto loader = loader_of(false, 2, 16);
  auto iterator = loader.begin_epoch();
  Index samples = iterator.next()->rows();
  const LoaderState state = loader.state();
  std::vector<std::uint64_t> rest;
  while (auto batch = iterator.next()) {
    samples += batch->rows();
    rest.push_back(content_digest(*batch));
  }
  EXPECT_EQ(samples, kUsers);
  auto other = loader_of(false, 0, 16);
  other.restore(state);
  auto again = other.begin_epoch();
  for (const std::uint64_t digest : rest)
    EXPECT_EQ(content_digest(*again.next()), digest);
  EXPECT_FALSE(again.next());
  auto plain_epoch = plain.begin_epoch();
  while (plain_epoch.next()) {
  }
  EXPECT_GT(loader.stats().fill, plain.stats().fill);
  EXPECT_THROW(plain.restore(state), ArgumentError);  // another sampler
}

TEST(Slices, RowsAreEventsOfTheirSequence) {
  const auto data = events();
  SampleChoice choice;
  choice.seed = 7;
  choice.slices =
      SampleChoice::Slices{.split_count = 2, .min_length = 3, .max_length = 6};
  LoaderOptions options;
  options.shard.batch_size = 4;
  options.num_workers = 1;
  options.memory_budget = Index{64} << 20;
  options.plan.group = true;
  const Plan plan(recipe(), data, options.plan);
  Loader loader(data, recipe(), choose_samples(plan, choice), options);
  EXPECT_EQ(loader.steps(), 5);  // of 20 users the two with 1 and 2 rows are left out
  EXPECT_EQ(loader.stats().sequences_without_sample, 2);
  auto iterator = loader.begin_epoch();
  while (auto batch = iterator.next()) {
    const auto* const lengths = data_of<std::int32_t>(*batch, "lengths");
    const auto* const group = data_of<std::int64_t>(*batch, "group");
    const auto* const numbers = data_of<float>(*batch, "numerical");
    const Index padded = batch->find("numerical")->shape[1];
    for (Index row = 0; row < batch->rows(); ++row) {
      EXPECT_EQ(group[row], group[row - row % 2]);
      ASSERT_GE(lengths[row], 3);
      ASSERT_LE(lengths[row], 6);
      const float* const x = numbers + row * padded * 2;
      const float first = x[0];  // event e of user u is worth 100 e + u
      EXPECT_EQ(static_cast<Index>(first) % 100, group[row]);
      for (Index e = 1; e < lengths[row]; ++e)
        EXPECT_EQ(x[2 * e], first + 100.0F * static_cast<float>(e));
    }
  }
}

TEST(Buckets, RefusesAWindowBelowZeroAndRowsWithoutLength) {
  const auto data = events();
  const Plan plan(recipe(), data);
  SampleChoice choice;
  choice.bucket_window = -2;
  EXPECT_THROW(choose_samples(plan, choice), ArgumentError);
  choice.bucket_window = -1;
  const Recipe rows = Recipe::from_toml(
      "[sequence]\nwindow = \"row\"\n[[input]]\ncolumn = \"amount\"\n", "test.toml");
  EXPECT_THROW(choose_samples(Plan(rows, data), choice), ArgumentError);
}

}  // namespace
}  // namespace lade
