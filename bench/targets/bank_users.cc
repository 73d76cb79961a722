// SPDX-License-Identifier: Apache-2.0
#include "bank_users.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "lade/core/random.h"
#include "lade/recipe/aggregate_text.h"
#include "lade/recipe/duration.h"
#include "lade/recipe/expression.h"

namespace lade::bench {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

BankUser bank_user(Index user, Index rows) {
  BankUser out;
  const std::uint64_t k = random::key(user);
  std::uint64_t i = 0;
  const auto unit = [&] { return random::unit(random::draw(k, i++)); };
  for (std::int64_t day = 14'000; static_cast<Index>(out.time.size()) < rows; ++day) {
    const auto events = static_cast<int>(random::below(k, i++, 3)) + 1;
    std::vector<std::int64_t> times;
    for (int e = 0; e < events; ++e) {
      times.push_back(day * kDayUs +
                      static_cast<std::int64_t>(unit() * 86'400) * 1'000'000);
    }
    std::sort(times.begin(), times.end());
    out.time.insert(out.time.end(), times.begin(), times.end());
  }
  const auto n = static_cast<std::size_t>(rows);
  out.time.resize(n);
  for (std::size_t r = 0; r < n; ++r) {
    out.mcc.push_back(static_cast<std::int32_t>(100 * unit() * unit()));
    out.amount.push_back(std::round(std::exp(6.0 * unit()) * 100.0) / 100.0);
    for (auto& x : out.x) x.push_back(static_cast<float>(unit()));
  }
  return out;
}

/// mcc in (j, j + 20, ...)
std::string family(int j) {
  std::string text = "mcc in (";
  for (int code = j; code < 100; code += 20) {
    text += (code == j ? "" : ", ") + std::to_string(code);
  }
  return text + ")";
}

}  // namespace

Chunk BankUser::chunk() const {
  Chunk chunk;
  chunk.rows = static_cast<Index>(time.size());
  chunk.columns.push_back({Kind::time, TimeUnit::us, time.data(), nullptr, nullptr});
  chunk.columns.push_back({Kind::i32, TimeUnit::us, mcc.data(), nullptr, nullptr});
  chunk.columns.push_back({Kind::f64, TimeUnit::us, amount.data(), nullptr, nullptr});
  for (const auto& column : x) {
    chunk.columns.push_back({Kind::f32, TimeUnit::us, column.data(), nullptr, nullptr});
  }
  return chunk;
}

const Schema& bank_schema() {
  static const Schema schema = [] {
    Schema made;
    made.fields.push_back({"time", {.kind = Kind::time, .zone = ""}});
    made.fields.push_back({"mcc", {.kind = Kind::i32, .zone = ""}});
    made.fields.push_back({"amount", {.kind = Kind::f64, .zone = ""}});
    for (int c = 0; c < 7; ++c) {
      made.fields.push_back({"x" + std::to_string(c), {.kind = Kind::f32, .zone = ""}});
    }
    return made;
  }();
  return schema;
}

std::vector<BankUser> bank_users(Index users, Index rows) {
  std::vector<BankUser> out;
  for (Index user = 0; user < users; ++user) out.push_back(bank_user(user, rows));
  return out;
}

std::vector<BankTarget> bank_target_texts() {
  return {{"sum(amount)", family(0), "day", 1},
          {"sum(amount)", family(1), "day", 7},
          {"sum(amount)", family(2), "day", 30},
          {"mean(amount)", family(3), "day", 1},
          {"mean(amount)", family(4), "day", 7},
          {"mean(amount)", family(5), "day", 30},
          {"max(amount)", family(6), "day", 1},
          {"max(amount)", family(7), "day", 7},
          {"min(amount)", family(8), "day", 30},
          {"sum(x4)", "amount > 50", "day", 7},
          {"max(x3)", family(9) + " and x0 > 0.5", "day", 30},
          {"sum(x1)", "amount between 10 and 100", "day", 1},
          {"sum(amount)", family(10), "week", 1},
          {"mean(x2)", family(11), "week", 7},
          {"max(amount)", "", "week", 1},
          {"min(x5)", family(12), "week", 30},
          {"sum(x6)", family(13), "week", 7},
          {"sum(amount)", family(14), "month", 1},
          {"min(amount)", "amount >= 5", "month", 7},
          {"mean(amount)", "", "month", 30}};
}

std::vector<TargetSpec> bank_targets(Index count) {
  std::vector<TargetSpec> specs;
  for (const BankTarget& target : bank_target_texts()) {
    if (static_cast<Index>(specs.size()) == count) break;
    const AggregateText aggregate = parse_aggregate(target.aggregate, {});
    TargetSpec spec;
    spec.name = "target_" + std::to_string(specs.size() + 1);
    spec.aggregate = aggregate.kind;
    spec.value = compile(aggregate.value, bank_schema(), {});
    if (!target.where.empty()) spec.where = compile(target.where, bank_schema(), {});
    spec.boundary = parse_every(target.every, TimeUnit::us, "every");
    spec.window.length = target.look_back;
    specs.push_back(spec);
  }
  return specs;
}

}  // namespace lade::bench
