// SPDX-License-Identifier: Apache-2.0
#include "lade/synth/transactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lade/core/elementary.h"
#include "lade/synth/history_internal.h"

namespace lade {
namespace {

constexpr Index kMostMccs = 1'000'000;
constexpr Index kMostExtra = 10'000;
constexpr Index kMostUsers = Index{1} << 62;
constexpr Index kMostRows = Index{1} << 40;  // of a user or a day
constexpr double kSlack = 1e-9;

void rule(bool ok, std::string_view words, const std::string& value) {
  require(ok, fmt::format("transactions: {}, got {}", words, value));
}

std::string text_of(ClosedRange range) {
  return fmt::format("{}..{}", range.low, range.high);
}

void check_range(std::string_view name, ClosedRange range, Index least_high) {
  rule(range.low >= 0 && range.low <= range.high,
       fmt::format("{} needs 0 <= low <= high", name), text_of(range));
  rule(range.high >= least_high, fmt::format("{} needs high >= {}", name, least_high),
       text_of(range));
  rule(range.high <= kMostRows, fmt::format("{} needs high <= 2^40", name),
       text_of(range));
}

void check_sum_is_one(std::string_view name, double sum) {
  rule(std::abs(sum - 1) <= kSlack, fmt::format("{} must sum to 1", name),
       fmt::format("{}", sum));
}

void check_shares(const TransactionsSpec& spec) {
  double sum = 0;
  for (const Planted& planted : spec.planted) {
    rule(planted.p && !planted.count,
         "planted entries must all have count or all have p",
         fmt::format("both kinds, one of them mcc {}", planted.mcc));
    rule(*planted.p >= 0, "p of a planted entry must be >= 0",
         fmt::format("{}", *planted.p));
    sum += *planted.p;
  }
  check_sum_is_one("p of the planted entries", sum);
  rule(!spec.filler, "a filler stands beside counts", "one beside p");
}

void check_counts(const TransactionsSpec& spec) {
  Index sum = 0;
  for (const Planted& planted : spec.planted) {
    rule(planted.count && !planted.p,
         "planted entries must all have count or all have p",
         fmt::format("both kinds, one of them mcc {}", planted.mcc));
    check_range("count of a planted entry", *planted.count, 0);
    sum += planted.count->high;
    rule(sum <= spec.events.low,
         "upper counts of the planted entries must sum to at most the lower end of "
         "events",
         fmt::format("{} for events {}", sum, text_of(spec.events)));
  }
}

void check_composition(const TransactionsSpec& spec) {
  rule(spec.mccs >= 1 && spec.mccs <= kMostMccs, "mccs must be in 1..1000000",
       std::to_string(spec.mccs));
  if (spec.amount) check(*spec.amount, "transactions: amount");
  for (const Planted& planted : spec.planted) {
    rule(planted.mcc >= 0, "mcc of a planted entry must be >= 0",
         std::to_string(planted.mcc));
    rule(planted.count || planted.p, "a planted entry needs count or p",
         fmt::format("neither for mcc {}", planted.mcc));
    if (planted.amount)
      check(*planted.amount, "transactions: amount of a planted entry");
  }
  if (spec.filler) {
    rule(!spec.planted.empty(), "a filler needs planted entries", "none");
    rule(!spec.filler->count && !spec.filler->p, "a filler has neither count nor p",
         "one");
    rule(spec.filler->mcc >= 0, "mcc of the filler must be >= 0",
         std::to_string(spec.filler->mcc));
    if (spec.filler->amount) {
      check(*spec.filler->amount, "transactions: amount of the filler");
    }
  }
  if (spec.planted.empty()) return;
  if (spec.planted[0].p) {
    check_shares(spec);
  } else {
    check_counts(spec);
  }
}

void check_hours(const std::vector<double>& hours) {
  if (hours.empty()) return;
  rule(hours.size() == 24, "hours must be 24 weights", std::to_string(hours.size()));
  double sum = 0;
  for (const double weight : hours) {
    rule(weight >= 0 && std::isfinite(weight),
         "weights of hours must be finite and >= 0", fmt::format("{}", weight));
    sum += weight;
  }
  rule(sum > 0 && std::isfinite(sum), "weights of hours must have a sum > 0",
       fmt::format("{}", sum));
}

void check_splits(const std::vector<std::pair<std::string, double>>& splits) {
  if (splits.empty()) return;
  double sum = 0;
  std::set<std::string_view> names;
  for (const auto& [name, share] : splits) {
    rule(!name.empty() && escape_text(name) == name,
         "names of splits must be printable text of 1 to 200 bytes",
         "'" + escape_text(name) + "'");
    rule(names.insert(name).second, "names of splits must be distinct",
         "'" + escape_text(name) + "' twice");
    rule(share >= 0, "shares of splits must be >= 0", fmt::format("{}", share));
    sum += share;
  }
  check_sum_is_one("shares of splits", sum);
}

}  // namespace

std::vector<double> default_hours() {
  return {2, 1, 1, 1, 1, 2, 4, 7, 9, 8, 7, 9, 12, 11, 8, 7, 8, 10, 12, 11, 8, 6, 4, 3};
}

void check(const TransactionsSpec& spec) {
  rule(spec.users >= 0, "users must be >= 0", std::to_string(spec.users));
  rule(spec.first_user >= 0, "first_user must be >= 0",
       std::to_string(spec.first_user));
  rule(spec.users <= kMostUsers - spec.first_user,
       "first_user + users must be at most 2^62",
       fmt::format("{} + {}", spec.first_user, spec.users));
  rule(spec.extra >= 0 && spec.extra <= kMostExtra, "extra must be in 0..10000",
       std::to_string(spec.extra));
  check_range("events", spec.events, 0);
  check_range("per_day", spec.per_day, 1);
  rule(is_valid(spec.end) && spec.end.year >= 1 && spec.end.year <= 9999,
       "end must be a date of the years 1..9999",
       fmt::format("{}-{}-{}", spec.end.year, spec.end.month, spec.end.day));
  check_composition(spec);
  check_hours(spec.hours);
  check_splits(spec.splits);
}

Index events_of(const TransactionsSpec& spec, Index user) {
  const bool counted = !spec.planted.empty() && spec.planted[0].count;
  if (!counted || spec.filler) {
    return within(key_of(spec.seed, user, Purpose::events), 0, spec.events);
  }
  const std::uint64_t k = key_of(spec.seed, user, Purpose::counts);
  Index events = 0;
  Index i = 0;
  for (const Planted& planted : spec.planted) events += within(k, i++, *planted.count);
  return events;
}

std::vector<Index> split_sizes(
    const std::vector<std::pair<std::string, double>>& splits, Index users) {
  if (splits.empty()) return {};
  std::vector<Index> sizes;
  std::vector<std::pair<double, std::size_t>> rest;
  Index left = users;
  for (const auto& [name, share] : splits) {
    const double exact = share * static_cast<double>(users);
    const double whole = std::floor(exact + kSlack);
    rest.emplace_back(-(exact - whole), rest.size());
    sizes.push_back(static_cast<Index>(whole));
    left -= sizes.back();
  }
  // Remainders within rounding of each other are ties: the earlier one wins.
  std::sort(rest.begin(), rest.end(), [](const auto& x, const auto& y) {
    const double of_x = std::round(x.first / kSlack);
    const double of_y = std::round(y.first / kSlack);
    return of_x < of_y || (of_x == of_y && x.second < y.second);
  });
  for (std::size_t i = 0; left > 0; ++i, --left) ++sizes[rest[i % rest.size()].second];
  for (std::size_t i = 0; left < 0; i = (i + 1) % sizes.size()) {
    if (sizes[i] == 0) continue;  // shares that sum to a little more than 1
    --sizes[i];
    ++left;
  }
  return sizes;
}

namespace {

const TransactionsSpec& checked(const TransactionsSpec& spec) {
  check(spec);
  return spec;
}

/// Lognormal, mu and sigma of the category drawn from the seed.
AmountLaw law_of_category(std::uint64_t seed, std::int32_t mcc) {
  const std::uint64_t k = key_of(seed, kNoUser, Purpose::laws);
  const auto c = static_cast<std::uint64_t>(mcc);
  return {.kind = AmountKind::lognormal,
          .a = 1.5 + 4 * random::unit(random::draw(k, 2 * c)),
          .b = 0.4 + 0.6 * random::unit(random::draw(k, 2 * c + 1))};
}

}  // namespace

TransactionLaws::TransactionLaws(const TransactionsSpec& given)
    : spec(checked(given)),
      end_day(to_day(spec.end)),
      times(spec.hours.empty() ? default_hours() : spec.hours) {
  const auto law_of = [&](std::int32_t code, const std::optional<AmountLaw>& own) {
    if (own) return *own;
    return spec.amount ? *spec.amount : law_of_category(spec.seed, code);
  };
  if (mixed()) {
    for (std::int32_t c = 0; c < spec.mccs; ++c) {
      weights.push_back(exp(-1.1 * log(c + 1.0)));
      add_class(c, law_of(c, std::nullopt));
    }
  }
  std::vector<double> shares;
  for (const Planted& planted : spec.planted) {
    add_class(planted.mcc, law_of(planted.mcc, planted.amount));
    if (planted.p) shares.push_back(*planted.p);
  }
  if (!shares.empty()) mixture.assign(shares);
  if (spec.filler) {
    add_class(spec.filler->mcc, law_of(spec.filler->mcc, spec.filler->amount));
  }
  only_lognormal = std::all_of(kind.begin(), kind.end(), [](AmountKind each) {
    return each == AmountKind::lognormal;
  });
}

void TransactionLaws::add_class(std::int32_t code, const AmountLaw& law) {
  mcc.push_back(code);
  kind.push_back(law.kind);
  a.push_back(law.a);
  b.push_back(law.kind == AmountKind::uniform ? law.b - law.a : law.b);
  sign.push_back(law.negative ? -1 : 1);
  any_normal = any_normal || law.kind == AmountKind::normal;
  any_lognormal = any_lognormal || law.kind == AmountKind::lognormal;
  any_negative = any_negative || law.negative;
}

}  // namespace lade
