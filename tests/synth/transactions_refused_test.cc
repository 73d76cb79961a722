// SPDX-License-Identifier: Apache-2.0
// Specifications that make no sense, and their texts.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "lade/core/error.h"
#include "lade/synth/transactions.h"
#include "lade/synth/transactions_text.h"

namespace lade {
namespace {

void expect_refused(const std::function<void()>& call, const std::string& words) {
  try {
    call();
    ADD_FAILURE() << "accepted; wanted: " << words;
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  }
}

void expect_refused(const std::function<void(TransactionsSpec&)>& change,
                    const std::string& words) {
  TransactionsSpec spec;
  change(spec);
  expect_refused([&] { check(spec); }, words);
  expect_refused([&] { transactions(spec, 0, 1); }, words);
}

TEST(TransactionsSpec, RefusesNegativeCounts) {
  expect_refused([](auto& s) { s.users = -1; }, "users must be >= 0, got -1");
  expect_refused([](auto& s) { s.first_user = -5; }, "first_user must be >= 0, got -5");
  expect_refused([](auto& s) { s.extra = -1; }, "extra must be in 0..10000, got -1");
  expect_refused([](auto& s) { s.extra = 10'001; }, "extra must be in 0..10000");
  expect_refused([](auto& s) { s.mccs = 0; }, "mccs must be in 1..1000000, got 0");
  expect_refused([](auto& s) { s.users = std::numeric_limits<Index>::max(); },
                 "first_user + users must be at most 2^62");
}

TEST(TransactionsSpec, RefusesRangesThatAreNone) {
  expect_refused([](auto& s) { s.events = {5, 4}; },
                 "events needs 0 <= low <= high, got 5..4");
  expect_refused([](auto& s) { s.events = {-1, 4}; }, "events needs 0 <= low <= high");
  expect_refused([](auto& s) { s.per_day = {0, 0}; },
                 "per_day needs high >= 1, got 0..0");
  expect_refused([](auto& s) { s.per_day = {3, 1}; }, "per_day needs 0 <= low <= high");
  expect_refused([](auto& s) { s.events = {0, Index{1} << 50}; },
                 "events needs high <= 2^40");
}

TEST(TransactionsSpec, RefusesPlantedCountsAboveTheEvents) {
  const auto plant = [](Index high) {
    return [high](TransactionsSpec& s) {
      s.events = {100, 200};
      s.planted = {{.mcc = 0, .count = ClosedRange{0, 60}},
                   {.mcc = 1, .count = ClosedRange{1, high}}};
      s.filler = Planted{.mcc = 2};
    };
  };
  expect_refused(plant(41),
                 "must sum to at most the lower end of events, got 101 for "
                 "events 100..200");
  TransactionsSpec spec;
  plant(40)(spec);
  EXPECT_NO_THROW(check(spec));
}

TEST(TransactionsSpec, RefusesSharesThatDoNotSumToOne) {
  const auto share = [](double p) {
    return [p](TransactionsSpec& s) {
      s.planted = {{.mcc = 0, .p = 0.5}, {.mcc = 1, .p = p}};
    };
  };
  expect_refused(share(0.5 + 2e-9),
                 "p of the planted entries must sum to 1, got 1.0000");
  expect_refused(share(-0.1), "p of a planted entry must be >= 0, got -0.1");
  expect_refused(share(std::nan("")), "p of a planted entry must be >= 0, got nan");
  TransactionsSpec spec;
  share(0.5 + 5e-10)(spec);
  EXPECT_NO_THROW(check(spec));
}

TEST(TransactionsSpec, RefusesMixedAndIncompletePlantedEntries) {
  expect_refused([](auto& s) { s.planted = {{.mcc = 3}}; },
                 "a planted entry needs count or p, got neither for mcc 3");
  const Planted counted{.mcc = 1, .count = ClosedRange{1, 1}};
  const Planted shared{.mcc = 2, .p = 1.0};
  expect_refused(
      [&](auto& s) { s.planted = {counted, shared}; },
      "must all have count or all have p, got both kinds, one of them mcc 2");
  expect_refused(
      [&](auto& s) { s.planted = {shared, counted}; },
      "must all have count or all have p, got both kinds, one of them mcc 1");
  expect_refused([](auto& s) { s.planted = {{.mcc = -1, .p = 1.0}}; },
                 "mcc of a planted entry must be >= 0, got -1");
  expect_refused([](auto& s) { s.planted = {{.mcc = 1, .count = ClosedRange{2, 1}}}; },
                 "count of a planted entry needs 0 <= low <= high, got 2..1");
}

TEST(TransactionsSpec, RefusesAFillerOutOfPlace) {
  expect_refused([](auto& s) { s.filler = Planted{.mcc = 1}; },
                 "a filler needs planted entries");
  expect_refused(
      [](auto& s) {
        s.planted = {{.mcc = 2, .p = 1.0}};
        s.filler = Planted{.mcc = 1};
      },
      "a filler stands beside counts");
  expect_refused(
      [](auto& s) {
        s.planted = {{.mcc = 2, .count = ClosedRange{1, 1}}};
        s.filler = Planted{.mcc = 1, .count = ClosedRange{1, 1}};
      },
      "a filler has neither count nor p");
}

TEST(TransactionsSpec, RefusesHoursThatAreNoLaw) {
  expect_refused([](auto& s) { s.hours.assign(23, 1); },
                 "hours must be 24 weights, got 23");
  expect_refused([](auto& s) { s.hours.assign(24, 0); }, "must have a sum > 0, got 0");
  expect_refused([](auto& s) { s.hours.assign(24, -1); },
                 "must be finite and >= 0, got -1");
  expect_refused([](auto& s) { s.hours.assign(24, std::nan("")); },
                 "must be finite and >= 0, got nan");
  expect_refused([](auto& s) { s.hours.assign(24, 1e308); },
                 "must have a sum > 0, got inf");
}

TEST(TransactionsSpec, RefusesSplitsThatAreNone) {
  expect_refused([](auto& s) { s.splits = {{"a", .5}, {"b", .4}}; },
                 "shares of splits must sum to 1, got 0.9");
  expect_refused([](auto& s) { s.splits = {{"a", .5}, {"a", .5}}; },
                 "names of splits must be distinct, got 'a' twice");
  expect_refused([](auto& s) { s.splits = {{"a", 1.5}, {"b", -.5}}; },
                 "shares of splits must be >= 0, got -0.5");
  expect_refused([](auto& s) { s.splits = {{"", 1}}; },
                 "names of splits must be printable text");
  expect_refused([](auto& s) { s.splits = {{"a\x1b[2J", 1}}; },
                 "names of splits must be printable text of 1 to 200 bytes, got "
                 "'a\\x1B[2J'");
}

TEST(TransactionsSpec, RefusesAmountsThatAreNoLaw) {
  const auto law = [](AmountKind kind, double a, double b) {
    return [=](TransactionsSpec& s) { s.amount = AmountLaw{kind, a, b}; };
  };
  expect_refused(law(AmountKind::normal, 1, -1), "sd must be >= 0, got normal(1, -1)");
  expect_refused(law(AmountKind::lognormal, 1, -1), "sigma must be >= 0");
  expect_refused(law(AmountKind::lognormal, 700, 0.1), "mu + 8.3 sigma must be <= 700");
  expect_refused(law(AmountKind::uniform, 2, 1), "uniform needs lo <= hi");
  expect_refused(law(AmountKind::constant, std::nan(""), 0), "numbers must be finite");
  expect_refused(law(AmountKind::normal, 1e308, 1e308), "no amount may be infinite");
}

TEST(TransactionsSpec, RefusesAnEndThatIsNoDate) {
  expect_refused([](auto& s) { s.end = {2021, 2, 29}; }, "end must be a date");
  expect_refused([](auto& s) { s.end = {10'000, 1, 1}; }, "end must be a date");
}

TEST(Transactions, RefuseDaysBeyondTheYearOne) {
  TransactionsSpec spec;
  spec.events = {800'000, 800'000};
  spec.per_day = {1, 1};
  expect_refused(
      [&] { transactions(spec, 0, 1); },
      "days must not reach back beyond the year 1, but 800000 events of user 0");
  spec.events = {10, 10};
  spec.end = {1, 1, 10};
  expect_refused([&] { transactions(spec, 0, 1); }, "need more than 9 days");
  spec.events = {9, 9};
  EXPECT_NO_THROW(transactions(spec, 0, 1));
}

TEST(Transactions, RefuseSlicesOfNoUsers) {
  const TransactionsSpec spec;
  expect_refused([&] { transactions(spec, -1, 1); }, "a slice of users needs");
  expect_refused([&] { transactions(spec, 0, -1); }, "a slice of users needs");
  expect_refused([&] { transaction_users(spec, 1'999, 2); },
                 "users of a split must be in 0..1999, got 1999..2000");
  expect_refused([&] { TransactionStream(spec, 0, 1).next(0); }, "rows must be >= 1");
}

TEST(AmountLaw, ReadsWhatItWrites) {
  for (const char* text :
       {"normal(1, 1)", "lognormal(3.5, 0.25)", "uniform(-1e-05, 1)", "constant(5)",
        "normal(1, 1, sign = -1)", "constant(0.1, sign = -1)"}) {
    EXPECT_EQ(to_string(parse_amount_law(text, "amount")), text);
  }
  EXPECT_EQ(parse_amount_law("  normal ( 1 ,2 , sign=1 ) ", "amount"),
            (AmountLaw{AmountKind::normal, 1, 2, false}));
}

TEST(AmountLaw, RefusesWhatIsNone) {
  for (const char* text :
       {"", "(", ")", "normal", "normal(1)", "normal(1, 2, 3)",
        "normal(1, 2, sign = 2)", "gauss(1, 2)", "normal(1, 2) x", "normal(a, b)",
        "normal(1,, 2)", "constant(1, 2)", "normal(1, 2, sign = -1, 3)",
        "normal(0x1, 1)", "normal(1 2, 3)"}) {
    expect_refused([&] { parse_amount_law(text, "amount"); },
                   "amount: an amount must be normal(mean, sd)");
  }
  expect_refused([] { parse_amount_law("normal(\x1b, 1)", "amount"); }, "\\x1B");
  expect_refused([] { parse_amount_law("uniform(2, 1)", "amount"); }, "lo <= hi");
}

TEST(TransactionsText, ReadsRangesAndEntries) {
  EXPECT_EQ(parse_closed_range("1..3", "per_day"), (ClosedRange{1, 3}));
  EXPECT_EQ(parse_closed_range(" 4096 ", "events"), (ClosedRange{4096, 4096}));
  const Planted planted =
      parse_planted("mcc=0, count=90..110, amount=normal(1, 1)", "planted");
  EXPECT_EQ(planted.mcc, 0);
  EXPECT_EQ(planted.count, (ClosedRange{90, 110}));
  EXPECT_EQ(planted.amount, (AmountLaw{AmountKind::normal, 1, 1}));
  EXPECT_EQ(parse_planted("mcc=3,p=.25", "planted").p, 0.25);
  EXPECT_EQ(parse_splits("train=.5, val=.5", "splits"),
            (std::vector<std::pair<std::string, double>>{{"train", .5}, {"val", .5}}));
  EXPECT_EQ(to_day(parse_date("2021-11-29", "end")), to_day({2021, 11, 29}));
}

TEST(TransactionsText, RefusesWhatItCannotRead) {
  for (const char* text : {"", "..", "1..", "..3", "a", "1...3", "1.5", "1..3..5",
                           "99999999999999999999"}) {
    expect_refused([&] { parse_closed_range(text, "per_day"); },
                   "per_day must be a number or a range like 1..3, got");
  }
  for (const char* text : {"", "mcc", "mcc=", "count=3", "mcc=1,mcc=2", "mcc=1,color=2",
                           "mcc=1,,p=1", "mcc=99999999999"}) {
    expect_refused([&] { parse_planted(text, "planted"); },
                   "planted must be like mcc=0");
  }
  expect_refused([] { parse_splits("train", "splits"); },
                 "splits must be like train=.5");
  expect_refused([] { parse_splits("train=x", "splits"); },
                 "splits must be like train=.5");
  for (const char* text : {"2021-11-31", "2021-1-1", "20211129", "2021-11-29T", ""}) {
    expect_refused([&] { parse_date(text, "end"); },
                   "end must be a date like 2021-11-29");
  }
}

TEST(TransactionsText, KnowsTheLayouts) {
  EXPECT_EQ(parse_day_layout("plain", "layout"), DayLayout::plain);
  EXPECT_EQ(parse_day_layout("hppl", "layout"), DayLayout::hppl);
  expect_refused([] { parse_day_layout("", "layout"); },
                 "layout must be plain or hppl");
}

TEST(TransactionsText, WritesTheSpecificationAsJson) {
  TransactionsSpec spec;
  spec.seed = 18'446'744'073'709'551'615U;
  spec.hours.assign(24, 1);
  spec.amount = AmountLaw{AmountKind::constant, 5};
  spec.planted = {{.mcc = 1, .count = ClosedRange{1, 2}}};
  spec.filler = Planted{.mcc = 2, .amount = AmountLaw{AmountKind::normal, 1, 1}};
  spec.splits = {{"a\"b", 1}};
  EXPECT_EQ(to_json(spec),
            R"j({"users":2000,"first_user":0,"events":[4096,4096],"per_day":[1,3],)j"
            R"j("mccs":100,"extra":0,"end":"2021-11-29","seed":18446744073709551615,)j"
            R"j("layout":"plain","cents":true,"hours":[1.0,1.0,1.0,1.0,1.0,1.0,1.0,)j"
            R"j(1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0],)j"
            R"j("amount":"constant(5)","planted":[{"mcc":1,"count":[1,2]}],)j"
            R"j("filler":{"mcc":2,"amount":"normal(1, 1)"},)j"
            R"j("splits":[{"name":"a\"b","share":1.0}]})j");
}

}  // namespace
}  // namespace lade
