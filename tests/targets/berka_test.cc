// SPDX-License-Identifier: Apache-2.0
// Facts of the Czech bank excerpt (examples/data): intervals, sums and single values.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lade/recipe/expression.h"
#include "lade/targets/compute.h"

namespace lade {
namespace {

/// Rows of one account in the order of the file: columns date, amount, type.
struct Account {
  std::vector<std::int64_t> date;
  std::vector<double> amount;
  std::vector<std::int32_t> type;
};

struct Bank {
  std::map<std::int64_t, Account> accounts;
  std::vector<std::string> types;
  std::int64_t newest = 0;
  Index rows = 0;
};

std::string unpacked() {
  const std::string command = std::string("xz -dc '") + LADE_TEST_DATA +
                              "/../../examples/data/berka_trans.csv.xz'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 65'536> part{};
  while (pipe != nullptr) {
    const std::size_t bytes = std::fread(part.data(), 1, part.size(), pipe.get());
    if (bytes == 0) break;
    text.append(part.data(), bytes);
  }
  return text;
}

/// Whole lines only: the excerpt is cut inside its last one.
Bank read_bank() {
  const std::string text = unpacked();
  Bank bank;
  std::size_t begin = text.find('\n') + 1;
  for (std::size_t end = text.find('\n', begin); end != std::string::npos;
       begin = end + 1, end = text.find('\n', begin)) {
    std::vector<std::string> fields(1);
    for (std::size_t c = begin; c < end; ++c) {
      if (text[c] == ';') {
        fields.emplace_back();
      } else if (text[c] != '"' && text[c] != '\r') {
        fields.back() += text[c];
      }
    }
    const int date = std::stoi(fields.at(2));
    const std::int64_t day =
        to_day({1900 + date / 10'000, date / 100 % 100, date % 100});
    const auto type = std::find(bank.types.begin(), bank.types.end(), fields.at(3));
    const auto code = static_cast<std::int32_t>(type - bank.types.begin());
    if (type == bank.types.end()) bank.types.push_back(fields.at(3));
    Account& account = bank.accounts[std::stoll(fields.at(1))];
    account.date.push_back(day * 86'400);
    account.amount.push_back(std::stod(fields.at(5)));
    account.type.push_back(code);
    bank.newest = std::max(bank.newest, day * 86'400);
    ++bank.rows;
  }
  return bank;
}

const Bank& bank() {
  static const Bank read = read_bank();
  return read;
}

const Schema& bank_schema() {
  static const Schema schema{
      {{"date", {.kind = Kind::time, .unit = TimeUnit::s, .date = true, .zone = ""}},
       {"amount", {.kind = Kind::f64, .zone = ""}},
       {"type", {.kind = Kind::text, .zone = ""}}}};
  return schema;
}

TargetSpec spent(Every every, LookWindow window, bool payments = true) {
  TargetSpec spec;
  spec.name = to_string(Boundary{.every = every}) + std::to_string(window.length);
  spec.aggregate = AggregateKind::sum;
  spec.value = compile("amount", bank_schema(), {});
  if (payments)
    spec.where = compile("type in (\"VYDAJ\", \"VYBER\")", bank_schema(), {});
  spec.boundary = {.every = every, .unit = TimeUnit::s};
  spec.window = window;
  return spec;
}

template <class Use>
void for_each_account(const std::vector<TargetSpec>& specs, Use use) {
  const TargetPlan plan(bank_schema(), 0, specs, {}, bank().newest + 86'400);
  const auto types = Dictionary::of(bank().types);
  TargetScratch scratch;
  SequenceTargets out;
  for (const auto& [id, account] : bank().accounts) {
    Chunk chunk;
    chunk.rows = static_cast<Index>(account.date.size());
    chunk.columns = {
        {Kind::time, TimeUnit::s, account.date.data(), nullptr, nullptr},
        {Kind::f64, TimeUnit::s, account.amount.data(), nullptr, nullptr},
        {Kind::text, TimeUnit::s, account.type.data(), nullptr, types.get()}};
    compute_targets(plan, {0, &chunk, 0, chunk.rows}, chunk.rows, scratch, out);
    use(id, out);
  }
}

TEST(BankExcerpt, HasTheKnownAccountsAndIntervals) {
  ASSERT_EQ(bank().rows, 49'102);
  ASSERT_EQ(bank().accounts.size(), 1229U);
  std::vector<TargetSpec> specs;
  for (const Every every :
       {Every::day, Every::week, Every::month, Every::quarter, Every::year}) {
    specs.push_back(spent(every, {}));
  }
  std::vector<std::size_t> intervals(specs.size());
  std::size_t most = 0;
  for_each_account(specs, [&](std::int64_t, const SequenceTargets& out) {
    for (std::size_t t = 0; t < specs.size(); ++t) intervals[t] += out.value[t].size();
    most = std::max(most, out.value[0].size());
  });
  EXPECT_EQ(intervals, (std::vector<std::size_t>{39'960, 27'806, 10'950, 4078, 2368}));
  EXPECT_EQ(most, 101U);
}

TEST(BankExcerpt, SumsOfPaymentsAreTheKnownOnes) {
  const std::int64_t lengths[] = {1, 7, 30};
  std::vector<TargetSpec> specs;
  for (const std::int64_t length : lengths) {
    specs.push_back(spent(Every::day, {.length = length}));
    specs.push_back(specs.back());
    specs.back().name += "_count";
    specs.back().aggregate = AggregateKind::count;
  }
  std::array<double, 3> sums{};
  std::array<Index, 3> holding{};
  for_each_account(specs, [&](std::int64_t, const SequenceTargets& out) {
    for (std::size_t t = 0; t < 3; ++t) {
      for (const float value : out.value[2 * t]) sums[t] += static_cast<double>(value);
      for (const float value : out.value[2 * t + 1]) holding[t] += value > 0.0F ? 1 : 0;
    }
  });
  const double expected[] = {138'120'153.50, 258'273'386.90, 702'218'770.50};
  // Each value is rounded to f32, by 2^-24 of itself at most.
  for (std::size_t t = 0; t < 3; ++t)
    EXPECT_NEAR(sums[t], expected[t], std::ldexp(expected[t], -24));
  EXPECT_EQ(holding, (std::array<Index, 3>{24'448, 28'552, 33'223}));
}

TEST(BankExcerpt, AccountHasTheKnownFirstTenDays) {
  bool seen = false;
  for_each_account(
      {spent(Every::day, {.length = 7}), spent(Every::day, {.length = 30})},
      [&](std::int64_t id, const SequenceTargets& out) {
        if (id != 2378) return;
        seen = true;
        const auto first_ten = [](const std::vector<float>& values) {
          return std::vector<float>(values.begin(), values.begin() + 10);
        };
        EXPECT_EQ(
            first_ten(out.value[0]),
            (std::vector<float>{0, 0, 0, 0, 0, 34700, 34700, 9612, 34812, 33900}));
        EXPECT_EQ(
            first_ten(out.value[1]),
            (std::vector<float>{0, 0, 0, 0, 0, 34700, 34700, 44312, 69512, 103412}));
      });
  EXPECT_TRUE(seen);
}

TEST(BankExcerpt, NextMonthIsKnownForMostMonths) {
  const LookWindow next{.direction = LookWindow::Direction::ahead};
  Index months = 0;
  Index valid = 0;
  double sum = 0.0;
  for_each_account({spent(Every::month, next)},
                   [&](std::int64_t, const SequenceTargets& out) {
                     for (std::size_t i = 0; i < out.value[0].size(); ++i) {
                       ++months;
                       valid += out.valid[0][i];
                       sum += static_cast<double>(out.value[0][i]);
                     }
                   });
  EXPECT_EQ(months, 10'950);
  EXPECT_EQ(valid, 9721);
  EXPECT_NEAR(sum, 137'844'153.50, std::ldexp(137'844'153.50, -24));
}

}  // namespace
}  // namespace lade
