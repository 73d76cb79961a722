// SPDX-License-Identifier: Apache-2.0
#include "lade/synth/transactions.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "lade/core/random.h"
#include "tests/synth/rows.h"
#include "tests/testing/targets.h"

namespace lade {
namespace {

using testing::hash_of;
using testing::Rows;
using testing::rows_of;

constexpr std::int64_t kDay = 86'400'000'000;

TransactionsSpec small() {
  TransactionsSpec spec;
  spec.users = 20;
  spec.events = {0, 90};
  spec.extra = 3;
  spec.seed = 7;
  return spec;
}

/// A user whose first day counts, newest first, are these.
Index user_with_days(const std::vector<Index>& counts, ClosedRange per_day) {
  for (Index user = 0;; ++user) {
    const std::uint64_t k = random::key(7, 0, 40, user, 1);
    bool all = true;
    for (std::size_t g = 0; g < counts.size(); ++g) {
      const auto range = static_cast<std::uint64_t>(per_day.high - per_day.low + 1);
      all = all &&
            per_day.low + static_cast<Index>(random::below(k, g, range)) == counts[g];
    }
    if (all) return user;
  }
}

std::vector<std::int32_t> days_of(Index events, const std::vector<Index>& counts,
                                  DayLayout layout, ClosedRange per_day = {1, 3}) {
  TransactionsSpec spec;
  spec.seed = 7;
  spec.events = {events, events};
  spec.per_day = per_day;
  spec.layout = layout;
  return Rows(transactions(spec, user_with_days(counts, per_day), 1)).days_before_end;
}

using DayList = std::vector<std::int32_t>;

TEST(Transactions, ShortenTheOldestDay) {
  EXPECT_EQ(days_of(7, {2, 1, 3, 2}, DayLayout::plain), (DayList{3, 2, 2, 2, 1, 0, 0}));
}

TEST(Transactions, ShortenTheNewestDayInThePublishedLayout) {
  EXPECT_EQ(days_of(7, {2, 1, 3, 2}, DayLayout::hppl), (DayList{3, 3, 2, 2, 2, 1, 0}));
}

TEST(Transactions, OfThePublishedLayoutMayLoseWholeNewestDays) {
  EXPECT_EQ(days_of(2, {1, 3}, DayLayout::hppl), (DayList{1, 1}));
  EXPECT_EQ(days_of(2, {1, 3}, DayLayout::plain), (DayList{1, 0}));
}

TEST(Transactions, MayHaveDaysWithoutRows) {
  EXPECT_EQ(days_of(3, {0, 1, 0, 2}, DayLayout::plain, {0, 2}), (DayList{3, 3, 1}));
}

TEST(Transactions, HaveAscendingTimesThatAgreeWithTheDaysBeforeTheEnd) {
  TransactionsSpec spec = small();
  spec.per_day = {0, 40};
  const Rows rows = rows_of(spec);
  ASSERT_GT(rows.size(), 500U);
  const std::int64_t end = to_day({2021, 11, 29}) * kDay;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    ASSERT_LT(rows.time[r], end);
    ASSERT_EQ(floor_div(rows.time[r], kDay),
              to_day({2021, 11, 29}) - 1 - rows.days_before_end[r]);
    ASSERT_GE(rows.days_before_end[r], 0);
    ASSERT_EQ(rows.time[r] % 1'000'000, 0) << "whole seconds";
    if (r == 0 || rows.user_id[r] != rows.user_id[r - 1]) continue;
    ASSERT_GE(rows.time[r], rows.time[r - 1]);
    ASSERT_LE(rows.days_before_end[r], rows.days_before_end[r - 1]);
  }
}

TEST(Transactions, EndWhereTheyAreTold) {
  TransactionsSpec spec = small();
  spec.events = {3, 3};
  spec.per_day = {3, 3};
  spec.end = {1970, 1, 1};
  for (const std::int64_t time : rows_of(spec).time) {
    EXPECT_LT(time, 0);
    EXPECT_GE(time, -kDay);
  }
}

TEST(Transactions, HaveTheColumnsOfTheSpecification) {
  EXPECT_EQ(transactions_schema(small())->ToString(),
            "user_id: int64 not null\ntime: timestamp[us, tz=UTC] not null\n"
            "days_before_end: int32 not null\nmcc: int32 not null\n"
            "amount: double not null\ntype: int8 not null\ncountry: int16 not null\n"
            "currency: int16 not null\nx0: float not null\nx1: float not null\n"
            "x2: float not null");
}

TEST(Transactions, OfNoUsersAreAnEmptyTableWithTheSchema) {
  TransactionsSpec spec = small();
  spec.users = 0;
  const RecordBatch none = transactions(spec, 0, 0);
  EXPECT_EQ(none->num_rows(), 0);
  EXPECT_TRUE(none->schema()->Equals(*transactions_schema(spec)));
  EXPECT_TRUE(none->ValidateFull().ok());
  EXPECT_EQ(transaction_users(spec, 0, 0)->num_rows(), 0);
  EXPECT_EQ(TransactionStream(spec, 0, 0).next(10), nullptr);
}

TEST(Transactions, OfAUserWithoutEventsAreNoRows) {
  TransactionsSpec spec = small();
  spec.events = {0, 0};
  EXPECT_EQ(rows_of(spec).size(), 0U);
  EXPECT_EQ(transaction_users(spec, 0, 20)->num_rows(), 20);
}

TEST(Transactions, HaveAsManyRowsAsEventsOfSays) {
  const TransactionsSpec spec = small();
  const Rows rows = rows_of(spec);
  const auto users = transaction_users(spec, 0, spec.users);
  const auto events = testing::values<arrow::Int64Array>(users, "events");
  Index sum = 0;
  for (Index user = 0; user < spec.users; ++user) {
    const Index count = std::count(rows.user_id.begin(), rows.user_id.end(), user);
    EXPECT_EQ(events_of(spec, user), count);
    EXPECT_EQ(events[static_cast<std::size_t>(user)], count);
    sum += count;
  }
  EXPECT_EQ(sum, static_cast<Index>(rows.size()));
}

std::vector<RecordBatch> streamed(const TransactionsSpec& spec, Index rows) {
  std::vector<RecordBatch> all;
  TransactionStream stream(spec, spec.first_user, spec.users);
  while (RecordBatch batch = stream.next(rows)) {
    EXPECT_GT(batch->num_rows(), 0);
    EXPECT_LE(batch->num_rows(), 2 * rows);
    all.push_back(std::move(batch));
  }
  return all;
}

/// All compositions and layouts, sizes that cross every block.
std::vector<TransactionsSpec> varied() {
  std::vector<TransactionsSpec> all;
  all.push_back(small());
  TransactionsSpec spec = small();
  spec.users = 3;
  spec.events = {2'000, 5'000};
  all.push_back(spec);
  spec.per_day = {0, 2'500};  // sorted in several blocks
  spec.layout = DayLayout::hppl;
  spec.cents = false;
  all.push_back(spec);
  spec.layout = DayLayout::plain;
  spec.planted = {{.mcc = 5,
                   .count = ClosedRange{3, 9},
                   .amount = AmountLaw{AmountKind::normal, 1, 1}},
                  {.mcc = 6, .count = ClosedRange{0, 500}}};
  spec.filler = Planted{.mcc = 1, .amount = AmountLaw{AmountKind::uniform, -2, 5}};
  all.push_back(spec);
  spec.filler.reset();
  all.push_back(spec);
  spec.planted = {
      {.mcc = 5, .p = 0.25, .amount = AmountLaw{AmountKind::lognormal, 1, 1, true}},
      {.mcc = 6, .p = 0.75, .amount = AmountLaw{AmountKind::constant, 2, 0}}};
  spec.per_day = {1, 2};
  all.push_back(spec);
  return all;
}

TEST(Transactions, AreTheSameBytesForAnySliceOfUsers) {
  for (const TransactionsSpec& spec : varied()) {
    const std::uint64_t whole = hash_of({transactions(spec, 0, spec.users)});
    for (const Index cut : {1, 7}) {
      std::vector<RecordBatch> slices;
      for (Index first = 0; first < spec.users; first += cut) {
        slices.push_back(transactions(spec, first, std::min(cut, spec.users - first)));
      }
      EXPECT_EQ(hash_of(slices), whole);
    }
  }
}

TEST(Transactions, AreTheSameBytesForAnyPieces) {
  for (const TransactionsSpec& spec : varied()) {
    const std::uint64_t whole = hash_of({transactions(spec, 0, spec.users)});
    for (const Index rows : {97, 1'000, 100'000}) {
      EXPECT_EQ(hash_of(streamed(spec, rows)), whole) << rows;
    }
  }
}

TEST(Transactions, AreTheSameBytesRowByRow) {
  for (const Index rows : {1, 2, 7}) {
    EXPECT_EQ(hash_of(streamed(small(), rows)),
              hash_of({transactions(small(), 0, 20)}));
  }
}

TEST(Transactions, AreTheSameBytesForThreads) {
  TransactionsSpec spec = small();
  spec.users = 200;
  spec.events = {500, 1'500};
  const std::uint64_t one = hash_of({transactions(spec, 0, spec.users, 1)});
  for (const int threads : {2, 7, 0}) {
    EXPECT_EQ(hash_of({transactions(spec, 0, spec.users, threads)}), one) << threads;
  }
}

TEST(Transactions, AreTheSameBytesOnEveryInstructionSet) {
  std::set<std::uint64_t> seen;
  testing::for_each_target([&] {
    std::uint64_t all = 0;
    for (const TransactionsSpec& spec : varied()) {
      all = random::extend(all, hash_of({transactions(spec, 0, spec.users)}));
    }
    seen.insert(all);
  });
  EXPECT_EQ(seen.size(), 1U);
}

TEST(Transactions, OfAUserDependOnTheSpecificationTheSeedAndTheUserAlone) {
  TransactionsSpec spec = small();
  const std::uint64_t one = hash_of({transactions(spec, 5, 1)});
  spec.users = 6;
  spec.first_user = 3;
  spec.splits = {{"train", 1.0}};
  EXPECT_EQ(hash_of({transactions(spec, 5, 1)}), one);
  EXPECT_NE(hash_of({transactions(spec, 6, 1)}), one);
  spec.seed = 8;
  EXPECT_NE(hash_of({transactions(spec, 5, 1)}), one);
}

TEST(Transactions, DoNotChangeOtherColumnsWithTheExtraOnes) {
  TransactionsSpec spec = small();
  const RecordBatch with = transactions(spec, 0, 5);
  spec.extra = 0;
  const RecordBatch without = transactions(spec, 0, 5);
  for (int c = 0; c < without->num_columns(); ++c) {
    EXPECT_TRUE(with->column(c)->Equals(without->column(c))) << c;
  }
}

TEST(Transactions, OfOneLongDayAreCountedIntoPlace) {
  TransactionsSpec spec = small();
  spec.users = 1;
  spec.events = {200'000, 200'000};
  spec.per_day = {150'000, 150'000};
  const Rows rows = rows_of(spec);
  ASSERT_EQ(rows.size(), 200'000U);
  EXPECT_TRUE(std::is_sorted(rows.time.begin(), rows.time.end()));
  EXPECT_EQ(std::count(rows.days_before_end.begin(), rows.days_before_end.end(), 0),
            150'000);
  EXPECT_EQ(hash_of(streamed(spec, 7'777)), hash_of({transactions(spec, 0, 1)}));
}

TEST(Transactions, PlantExactCounts) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.events = {400, 500};
  spec.seed = 7;
  spec.planted = {{.mcc = 7,
                   .count = ClosedRange{90, 110},
                   .amount = AmountLaw{AmountKind::constant, 3}},
                  {.mcc = 8,
                   .count = ClosedRange{5, 5},
                   .amount = AmountLaw{AmountKind::constant, 4}}};
  spec.filler =
      Planted{.mcc = 1, .amount = AmountLaw{AmountKind::constant, 5, 0, true}};
  const Rows rows = rows_of(spec);
  std::map<std::int64_t, std::map<std::int32_t, Index>> counts;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    ++counts[rows.user_id[r]][rows.mcc[r]];
    EXPECT_EQ(rows.amount[r], rows.mcc[r] == 7 ? 3 : rows.mcc[r] == 8 ? 4 : -5);
  }
  for (auto& [user, of] : counts) {
    EXPECT_GE(of[7], 90);
    EXPECT_LE(of[7], 110);
    EXPECT_EQ(of[8], 5);
    EXPECT_EQ(of[1] + of[7] + of[8], events_of(spec, user));
    EXPECT_EQ(of.size(), 3U);
  }
}

TEST(Transactions, WithoutAFillerHaveAsManyRowsAsArePlanted) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.planted = {{.mcc = 7, .count = ClosedRange{0, 4}},
                  {.mcc = 8, .count = ClosedRange{3, 3}}};
  const Rows rows = rows_of(spec);
  for (Index user = 0; user < 50; ++user) {
    const Index count = std::count(rows.user_id.begin(), rows.user_id.end(), user);
    EXPECT_GE(count, 3);
    EXPECT_LE(count, 7);
    EXPECT_EQ(events_of(spec, user), count);
  }
}

TEST(SplitSizes, AreByLargestRemainder) {
  const std::vector<std::pair<std::string, double>> four = {
      {"a", .5}, {"b", .13}, {"c", .12}, {"d", .25}};
  EXPECT_EQ(split_sizes(four, 10), (std::vector<Index>{5, 1, 1, 3}));
  EXPECT_EQ(split_sizes(four, 7), (std::vector<Index>{3, 1, 1, 2}));
  EXPECT_EQ(split_sizes(four, 2000), (std::vector<Index>{1000, 260, 240, 500}));
  EXPECT_EQ(split_sizes(four, 0), (std::vector<Index>{0, 0, 0, 0}));
}

TEST(SplitSizes, GiveTiesToTheEarlierName) {
  EXPECT_EQ(split_sizes({{"a", .5}, {"b", .5}}, 1), (std::vector<Index>{1, 0}));
  EXPECT_EQ(split_sizes({{"a", .25}, {"b", .25}, {"c", .5}}, 2),
            (std::vector<Index>{1, 0, 1}));
  EXPECT_EQ(split_sizes({{"a", .1}, {"b", .2}, {"c", .7}}, 5),
            (std::vector<Index>{1, 1, 3}));
}

TEST(SplitSizes, KeepTheSum) {
  EXPECT_TRUE(rc::check([] {
    const auto weights = *rc::gen::nonEmpty<std::vector<int>>(
        rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100)));
    const Index users = *rc::gen::inRange<Index>(0, 10'000);
    double sum = 0;
    for (const int w : weights) sum += w;
    RC_PRE(sum > 0);
    std::vector<std::pair<std::string, double>> splits;
    for (const int w : weights)
      splits.emplace_back(std::to_string(splits.size()), w / sum);
    Index total = 0;
    const std::vector<Index> sizes = split_sizes(splits, users);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      RC_ASSERT(sizes[i] >= 0);
      RC_ASSERT(std::abs(static_cast<double>(sizes[i]) -
                         splits[i].second * static_cast<double>(users)) < 1 + 1e-6);
      total += sizes[i];
    }
    RC_ASSERT(total == users);
  }));
}

std::vector<std::string> splits_of(const TransactionsSpec& spec, Index first,
                                   Index users) {
  const auto batch = transaction_users(spec, first, users);
  const auto column =
      std::static_pointer_cast<arrow::StringArray>(batch->GetColumnByName("split"));
  std::vector<std::string> all;
  for (Index i = 0; i < column->length(); ++i) {
    all.push_back(column->IsNull(i) ? "null" : column->GetString(i));
  }
  return all;
}

TEST(Splits, AreASeededPermutationOfTheUsers) {
  TransactionsSpec spec = small();
  spec.users = 2'000;
  spec.first_user = 100;
  spec.splits = {{"train", .5}, {"val", .13}, {"other", .12}, {"test", .25}};
  const std::vector<std::string> all = splits_of(spec, 100, 2'000);
  EXPECT_EQ(std::count(all.begin(), all.end(), "train"), 1000);
  EXPECT_EQ(std::count(all.begin(), all.end(), "val"), 260);
  EXPECT_EQ(std::count(all.begin(), all.end(), "other"), 240);
  EXPECT_EQ(std::count(all.begin(), all.end(), "test"), 500);
  const Index head = std::count(all.begin(), all.begin() + 1000, "train");
  EXPECT_NEAR(static_cast<double>(head), 500, 60) << "5 standard deviations";
  const std::vector<std::string> slice = splits_of(spec, 700, 10);
  EXPECT_TRUE(std::equal(slice.begin(), slice.end(), all.begin() + 600));
  spec.seed = 8;
  EXPECT_NE(splits_of(spec, 100, 2'000), all);
}

TEST(Splits, AreNullWhereNoneAreAskedFor) {
  EXPECT_EQ(splits_of(small(), 0, 2), (std::vector<std::string>{"null", "null"}));
}

}  // namespace
}  // namespace lade
