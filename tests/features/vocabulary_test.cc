// SPDX-License-Identifier: Apache-2.0
#include "lade/features/vocabulary.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace lade {
namespace {

using Texts = std::vector<std::optional<std::string>>;
using Ids = std::vector<std::int64_t>;

/// A text column with a dictionary of its own; codes in order of first use.
struct TextColumn {
  std::vector<std::string> words;
  std::vector<std::int32_t> codes;
  std::vector<std::uint8_t> validity;
  std::shared_ptr<const Dictionary> dictionary;
  Column column;

  explicit TextColumn(const Texts& texts) : validity(texts.size() / 8 + 1, 0) {
    for (std::size_t r = 0; r < texts.size(); ++r) {
      codes.push_back(0);
      if (!texts[r]) continue;
      validity[r / 8] = static_cast<std::uint8_t>(validity[r / 8] | (1U << (r % 8)));
      codes.back() = static_cast<std::int32_t>(words.size());
      words.push_back(*texts[r]);
    }
    dictionary = Dictionary::of(words);
    column.kind = Kind::text;
    column.values = codes.data();
    column.validity = validity.data();
    column.dictionary = dictionary.get();
  }
};

Vocabulary fitted(const Texts& texts, const VocabularyOptions& options) {
  const TextColumn column(texts);
  VocabularyFitter fitter(options, Limits{}, "c");
  fitter.add(column.column, 0, static_cast<Index>(texts.size()), 0);
  return fitter.finish();
}

Ids encoded(const Vocabulary& vocabulary, const Texts& texts) {
  const TextColumn column(texts);
  EncodeScratch scratch;
  Ids ids(texts.size());
  encode(vocabulary, column.column, 0, static_cast<Index>(texts.size()), scratch,
         ids.data());
  return ids;
}

Ids ids_of(const Texts& texts, const VocabularyOptions& options) {
  return encoded(fitted(texts, options), texts);
}

VocabularyOptions label_encoder() {
  VocabularyOptions options;
  options.unknown = VocabularyOptions::Unknown::sorted;
  options.missing = VocabularyOptions::Missing::text;
  options.clean.steps = {};
  options.clean.nulls = {};
  options.label_encoder = true;
  return options;
}

const Texts kLetters = {"b", "a", "B", "é", "a", std::nullopt};

TEST(Vocabulary, SortsByBytesFromOne) {
  EXPECT_EQ(ids_of(kLetters, {}), (Ids{3, 2, 1, 4, 2, 0}));
}

TEST(Vocabulary, OrdersByFrequency) {
  VocabularyOptions options;
  options.order = VocabularyOptions::Order::frequency;
  EXPECT_EQ(ids_of(kLetters, options), (Ids{3, 1, 2, 4, 1, 0}));
}

TEST(Vocabulary, OrdersByFirstSeen) {
  VocabularyOptions options;
  options.order = VocabularyOptions::Order::first_seen;
  EXPECT_EQ(ids_of(kLetters, options), (Ids{1, 2, 3, 4, 2, 0}));
}

TEST(Vocabulary, EqualsTheLabelEncoder) {
  EXPECT_EQ(ids_of(kLetters, label_encoder()), (Ids{3, 2, 0, 5, 2, 4}));
  VocabularyOptions replacing = label_encoder();
  replacing.clean.steps = {parse_clean_step("replace(' ', '_')")};
  EXPECT_EQ(ids_of({"Warfarin sodium ", "warfarin", "Aspirin", std::nullopt, "Aspirin"},
                   replacing),
            (Ids{1, 4, 0, 3, 0}));
}

TEST(Vocabulary, TrimsByDefault) {
  EXPECT_EQ(
      ids_of({"Warfarin sodium ", "warfarin", "Aspirin", std::nullopt, "Aspirin"}, {}),
      (Ids{2, 3, 1, 0, 1}));
}

TEST(Vocabulary, UnseenValuesFollowTheOption) {
  using Unknown = VocabularyOptions::Unknown;
  VocabularyOptions options;
  EXPECT_EQ(encoded(fitted({"a", "b"}, options), {"z"}), (Ids{0}));
  options.unknown = Unknown::last;
  EXPECT_EQ(encoded(fitted({"a", "b"}, options), {"z", "a"}), (Ids{2, 0}));
  options.unknown = Unknown::ignore;
  EXPECT_EQ(encoded(fitted({"a", "b"}, options), {"z", "b"}), (Ids{-100, 1}));
  EXPECT_EQ(fitted({"a", "b"}, options).cardinality(), 2);
  options.unknown = Unknown::fail;
  EXPECT_THROW(encoded(fitted({"a", "b"}, options), {"z"}), DataError);
  EXPECT_EQ(encoded(fitted({"a", "b"}, options), {"b"}), (Ids{1}));
}

TEST(Vocabulary, MissingTokenComesAfterUnknown) {
  VocabularyOptions options;
  options.missing = VocabularyOptions::Missing::token;
  EXPECT_EQ(ids_of({"b", std::nullopt, "a"}, options), (Ids{3, 1, 2}));
}

TEST(Vocabulary, PaddingIsReservedOnRequest) {
  VocabularyOptions options;
  options.reserve_padding = true;
  const Vocabulary vocabulary = fitted({"b", "a"}, options);
  EXPECT_EQ(encoded(vocabulary, {"b", "a", "z"}), (Ids{3, 2, 1}));
  EXPECT_EQ(vocabulary.cardinality(), 4);
}

TEST(Vocabulary, RareValuesBecomeOneClass) {
  VocabularyOptions options;
  options.rare = VocabularyOptions::Rare{2, "other", false};
  const Vocabulary vocabulary = fitted({"a", "a", "b", "c", "z", "z"}, options);
  ASSERT_EQ(vocabulary.size(), 3);
  EXPECT_EQ(vocabulary.entries()[1].text, "other");
  EXPECT_EQ(vocabulary.entries()[1].count, 2);
}

TEST(Vocabulary, TailIsCutByCountAndSize) {
  VocabularyOptions options;
  options.max_size = 2;
  EXPECT_EQ(ids_of({"c", "c", "b", "b", "a"}, options), (Ids{2, 2, 1, 1, 0}));
  options = {};
  options.min_count = 2;
  EXPECT_EQ(ids_of({"c", "b", "b"}, options), (Ids{0, 1, 1}));
}

TEST(Vocabulary, NumbersSortByValue) {
  const std::vector<std::int64_t> values = {10, -3, 9, (std::int64_t{1} << 53) + 1, 9};
  Column column;
  column.kind = Kind::i64;
  column.values = values.data();
  VocabularyFitter fitter({}, Limits{}, "c");
  fitter.add(column, 0, 5, 0);
  const Vocabulary vocabulary = fitter.finish();
  EXPECT_TRUE(vocabulary.integers());
  EncodeScratch scratch;
  Ids ids(5);
  const EncodeCounts counts = encode(vocabulary, column, 0, 5, scratch, ids.data());
  EXPECT_EQ(ids, (Ids{3, 1, 2, 4, 2}));
  EXPECT_EQ(counts.unknown, 0);
}

TEST(Vocabulary, DoesNotDependOnHowColumnsAreCut) {
  const Texts whole = {"x", "b", "a", std::nullopt, "b", "c"};
  const Vocabulary one = fitted(whole, {});
  VocabularyFitter fitter({}, Limits{}, "c");
  for (std::size_t r = 0; r < whole.size(); ++r) {
    const TextColumn column({whole[r]});
    fitter.add(column.column, 0, 1, static_cast<Index>(r));
  }
  const Vocabulary cut = fitter.finish();
  EXPECT_EQ(one.xxh3(), cut.xxh3());
  EXPECT_EQ(one.entries()[1].count, cut.entries()[1].count);
}

TEST(Vocabulary, SortedUnknownStandsInItsPlace) {
  VocabularyOptions options;
  options.unknown = VocabularyOptions::Unknown::sorted;
  const Vocabulary vocabulary = fitted({"a", "B"}, options);
  EXPECT_EQ(encoded(vocabulary, {"B", "z", "a", std::nullopt}), (Ids{0, 1, 2, 1}));
  EXPECT_EQ(vocabulary.decode(1), "__UNKNOWN__");
  EXPECT_EQ(vocabulary.cardinality(), 3);
}

TEST(Vocabulary, UnseenValuesBecomeTheRareClass) {
  VocabularyOptions options;
  options.unknown = VocabularyOptions::Unknown::rare;
  options.rare = VocabularyOptions::Rare{2, "other", false};
  EXPECT_EQ(encoded(fitted({"a", "a", "b"}, options), {"a", "b", "z", std::nullopt}),
            (Ids{0, 1, 1, 1}));
  EXPECT_EQ(encoded(fitted({"a", "a"}, options), {"a", "z"}), (Ids{0, 1}))
      << "the class is there for what was not seen";
}

TEST(Vocabulary, NoCutTakesTheRareClass) {
  VocabularyOptions options;
  options.rare = VocabularyOptions::Rare{2, "other", true};
  options.min_count = 2;
  options.max_size = 2;
  const Vocabulary vocabulary = fitted({"a", "a", "a", "b", "b"}, options);
  ASSERT_EQ(vocabulary.size(), 2);
  EXPECT_EQ(vocabulary.entries()[0].text, "a");
  EXPECT_EQ(vocabulary.entries()[1].text, "other");
}

TEST(Vocabulary, RareClassThatExistsIsMergedWith) {
  VocabularyOptions options;
  options.rare = VocabularyOptions::Rare{2, "other", false};
  const Vocabulary vocabulary = fitted({"other", "a", "a", "b"}, options);
  ASSERT_EQ(vocabulary.size(), 2);
  EXPECT_EQ(vocabulary.entries()[1].count, 2);
}

TEST(Vocabulary, MissingFollowsTheOption) {
  using Missing = VocabularyOptions::Missing;
  VocabularyOptions options;
  options.missing = Missing::fail;
  EXPECT_THROW(encoded(fitted({"a"}, options), {std::nullopt}), DataError);
  EXPECT_THROW(encoded(fitted({"a"}, options), {"  "}), DataError);
  options.missing = Missing::text;
  EXPECT_EQ(ids_of({"b", std::nullopt, "z"}, options), (Ids{1, 2, 3})) << "as nan";
  options.missing = Missing::unknown;
  options.unknown = VocabularyOptions::Unknown::fail;
  EXPECT_THROW(encoded(fitted({"a"}, options), {std::nullopt}), DataError);
}

TEST(Vocabulary, CleanedTextsMergeAndTheirCountsAdd) {
  VocabularyOptions options;
  options.clean.steps = {parse_clean_step("trim"), parse_clean_step("lower")};
  const Vocabulary vocabulary = fitted({"A ", "a", " B"}, options);
  ASSERT_EQ(vocabulary.size(), 2);
  EXPECT_EQ(vocabulary.entries()[0].text, "a");
  EXPECT_EQ(vocabulary.entries()[0].count, 2);
  EXPECT_EQ(encoded(vocabulary, {"\tA", "b"}), (Ids{1, 2}));
}

TEST(Vocabulary, RefusesValuesThatComeTwice) {
  EXPECT_THROW(Vocabulary({{"a", 1}, {"a", 1}}, {}, false), ArgumentError);
  EXPECT_THROW(Vocabulary({{"1", 1}, {"01", 1}}, {}, true), ArgumentError);
  EXPECT_THROW(Vocabulary({{"x", 1}}, {}, true), ArgumentError);
}

TEST(Vocabulary, IntegersOfEveryWidthAndSign) {
  const auto fit_and_encode = [](Kind kind, const auto& values) {
    Column column;
    column.kind = kind;
    column.values = values.data();
    const auto rows = static_cast<Index>(values.size());
    VocabularyFitter fitter({}, Limits{}, "c");
    fitter.add(column, 0, rows, 0);
    EncodeScratch scratch;
    Ids ids(values.size());
    encode(fitter.finish(), column, 0, rows, scratch, ids.data());
    return ids;
  };
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(fit_and_encode(Kind::i64, std::vector<std::int64_t>{kMost, 0, kLeast}),
            (Ids{3, 2, 1}));
  EXPECT_EQ(fit_and_encode(Kind::i8, std::vector<std::int8_t>{-1, 127, -128}),
            (Ids{2, 3, 1}));
  EXPECT_EQ(fit_and_encode(Kind::boolean, std::vector<std::uint8_t>{1, 0, 1}),
            (Ids{2, 1, 2}));
  EXPECT_EQ(fit_and_encode(Kind::u32, std::vector<std::uint32_t>{4'000'000'000U, 7}),
            (Ids{2, 1}));
}

TEST(Vocabulary, ManyIntegersAreFoundAgain) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < 100'000; ++i) values.push_back(i * 4096);
  Column column;
  column.kind = Kind::i64;
  column.values = values.data();
  VocabularyFitter fitter({}, Limits{}, "c");
  fitter.add(column, 0, 100'000, 0);
  EncodeScratch scratch;
  Ids ids(values.size());
  encode(fitter.finish(), column, 0, 100'000, scratch, ids.data());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(ids[i], static_cast<std::int64_t>(i) + 1);
  }
}

TEST(Encode, CountsUnknownAndNull) {
  const TextColumn column({"a", std::nullopt, "z", "", "a"});
  EncodeScratch scratch;
  Ids ids(5);
  const EncodeCounts counts =
      encode(fitted({"a"}, {}), column.column, 0, 5, scratch, ids.data());
  EXPECT_EQ(counts.unknown, 1);
  EXPECT_EQ(counts.null, 2);
}

TEST(Encode, EqualsRowByRowForAnyTextsAndPieces) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& train,
                           const std::vector<std::uint8_t>& rows) {
    // Few short texts, blanks and nulls among them.
    const auto text = [](std::uint8_t x) -> std::optional<std::string> {
      if (x % 7 == 0) return std::nullopt;
      return std::string(x % 3, ' ') +
             std::string(x % 5, static_cast<char>('a' + x % 4));
    };
    Texts seen = {"a"};
    for (const std::uint8_t x : train) seen.push_back(text(x));
    Texts asked;
    for (const std::uint8_t x : rows) asked.push_back(text(x));
    const Vocabulary vocabulary = fitted(seen, {});
    const TextColumn column(asked);
    EncodeScratch scratch;
    Ids ids(asked.size(), -7);
    const auto size = static_cast<Index>(asked.size());
    const Index cut = size / 3;
    encode(vocabulary, column.column, cut, size - cut, scratch, ids.data() + cut);
    encode(vocabulary, column.column, 0, cut, scratch, ids.data());
    for (std::size_t r = 0; r < asked.size(); ++r) {
      RC_ASSERT(ids[r] ==
                (asked[r] ? vocabulary.id(*asked[r]) : vocabulary.id_of_null()));
      RC_ASSERT(ids[r] >= 0 && ids[r] < vocabulary.cardinality());
    }
  }));
}

TEST(Encode, SeveralVocabulariesShareAScratch) {
  const Vocabulary one = fitted({"a", "b"}, {});
  const Vocabulary other = fitted({"b"}, {});
  const TextColumn column({"b", "a"});
  EncodeScratch scratch;
  for (int turn = 0; turn < 2; ++turn) {
    Ids ids(2);
    encode(one, column.column, 0, 2, scratch, ids.data());
    EXPECT_EQ(ids, (Ids{2, 1}));
    encode(other, column.column, 0, 2, scratch, ids.data());
    EXPECT_EQ(ids, (Ids{1, 0}));
  }
}

TEST(Encode, TakesZeroRowsAndAllNulls) {
  const Vocabulary vocabulary = fitted({"a"}, {});
  EncodeScratch scratch;
  const TextColumn none({});
  encode(vocabulary, none.column, 0, 0, scratch, nullptr);
  const TextColumn nulls({std::nullopt, std::nullopt});
  Ids ids(2, -1);
  EXPECT_EQ(encode(vocabulary, nulls.column, 0, 2, scratch, ids.data()).null, 2);
  EXPECT_EQ(ids, (Ids{0, 0}));
}

TEST(Encode, RefusesAColumnOfTheOtherKind) {
  const Vocabulary texts = fitted({"a"}, {});
  const std::vector<double> values = {1.0};
  Column column;
  column.values = values.data();
  EncodeScratch scratch;
  Ids ids(1);
  for (const Kind kind : {Kind::f64, Kind::f32, Kind::i64}) {
    column.kind = kind;
    EXPECT_THROW(encode(texts, column, 0, 1, scratch, ids.data()), ArgumentError);
  }
  const TextColumn text({"1"});
  EXPECT_THROW(
      encode(Vocabulary({{"1", 1}}, {}, true), text.column, 0, 1, scratch, ids.data()),
      ArgumentError);
}

TEST(VocabularyFitter, RefusesFloats) {
  const std::vector<float> values = {1.0F};
  Column column;
  column.kind = Kind::f32;
  column.values = values.data();
  VocabularyFitter fitter({}, Limits{}, "c");
  EXPECT_THROW(fitter.add(column, 0, 1, 0), ArgumentError);
}

TEST(VocabularyFitter, RefusesNumbersThatWouldWrap) {
  const std::vector<std::uint64_t> values = {7, 18446744073709551615U};
  Column column;
  column.kind = Kind::u64;
  column.values = values.data();
  VocabularyFitter fitter({}, Limits{}, "c");
  fitter.add(column, 0, 1, 0);
  try {
    fitter.add(column, 1, 1, 1);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "vocabulary.range");
    EXPECT_EQ(error.place().value, "18446744073709551615");
  }
}

TEST(Encode, NumbersAboveTheSignedRangeAreUnknown) {
  const std::vector<std::uint64_t> values = {18446744073709551615U, 7,
                                             9223372036854775808U};
  Column column;
  column.kind = Kind::u64;
  column.values = values.data();
  EncodeScratch scratch;
  Ids ids(3);
  const std::vector<Vocabulary::Entry> entries = {
      {"-9223372036854775808", 1}, {"-1", 1}, {"7", 1}};
  const auto met =
      encode(Vocabulary(entries, {}, true), column, 0, 3, scratch, ids.data());
  EXPECT_EQ(ids, (Ids{0, 3, 0}));
  EXPECT_EQ(met.unknown, 2);
  VocabularyOptions strict;
  strict.unknown = VocabularyOptions::Unknown::fail;
  EXPECT_THROW(
      encode(Vocabulary(entries, strict, true), column, 0, 1, scratch, ids.data()),
      DataError);
}

template <class T>
void expect_ids_as_looked_up(Kind kind, const std::vector<std::int64_t>& keys) {
  std::vector<Vocabulary::Entry> entries;
  for (const std::int64_t key : keys) entries.push_back({std::to_string(key), 1});
  const Vocabulary vocabulary(entries, {}, true);
  // Around every key, and where a difference to one wraps.
  std::vector<T> values = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max(),
                           T{0}};
  for (const std::int64_t key : keys) {
    for (const std::int64_t near : {-1, 0, 1}) {
      values.push_back(static_cast<T>(static_cast<std::uint64_t>(key) +
                                      static_cast<std::uint64_t>(near)));
    }
  }
  Column column;
  column.kind = kind;
  column.values = values.data();
  const auto rows = static_cast<Index>(values.size());
  EncodeScratch scratch;
  Ids ids(values.size(), -7);
  const EncodeCounts met = encode(vocabulary, column, 0, rows, scratch, ids.data());
  Index unknown = 0;
  for (std::size_t r = 0; r < values.size(); ++r) {
    const bool beyond = std::is_same_v<T, std::uint64_t> &&
                        static_cast<std::uint64_t>(values[r]) > INT64_MAX;
    const auto want =
        beyond ? vocabulary.look_up_absent(static_cast<std::uint64_t>(values[r]))
               : vocabulary.look_up(static_cast<std::int64_t>(values[r]));
    ASSERT_EQ(ids[r], want.id) << values[r];
    unknown += want.kind == Vocabulary::Found::unknown ? 1 : 0;
  }
  EXPECT_EQ(met.unknown, unknown);
}

TEST(Encode, NumbersCloseTogetherAndFarApartGiveTheSameIds) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::vector<std::int64_t>> sets = {
      {5},       {0, 3, 4, 99},         {-7, -1, 2},        {-3, 4'091},
      {0, 4096}, {kLeast, kLeast + 40}, {kMost - 3, kMost}, {kLeast, 0, kMost},
      {-1, 1},   {1'000'000, 1'000'002}};
  for (const auto& keys : sets) {
    expect_ids_as_looked_up<std::int64_t>(Kind::i64, keys);
    expect_ids_as_looked_up<std::uint64_t>(Kind::u64, keys);
    expect_ids_as_looked_up<std::int32_t>(Kind::i32, keys);
    expect_ids_as_looked_up<std::uint8_t>(Kind::u8, keys);
  }
}

TEST(VocabularyFitter, DoesNotDependOnTheOrderOfRows) {
  Texts texts = kLetters;
  const std::uint64_t hash = fitted(texts, {}).xxh3();
  std::sort(texts.begin(), texts.end());
  do {
    ASSERT_EQ(fitted(texts, {}).xxh3(), hash);
  } while (std::next_permutation(texts.begin(), texts.end()));
}

TEST(Vocabulary, DecodesWhatItEncodes) {
  const Vocabulary vocabulary = fitted(kLetters, {});
  for (const auto& text : kLetters) {
    if (!text) continue;
    EXPECT_EQ(vocabulary.decode(vocabulary.id(*text)), *text);
  }
  EXPECT_THROW(vocabulary.decode(99), ArgumentError);
}

TEST(VocabularyFitter, RefusesAColumnWithoutValues) {
  EXPECT_THROW(fitted({std::nullopt, ""}, {}), ArgumentError);
}

TEST(VocabularyFitter, RefusesTheTokenAsAValue) {
  EXPECT_THROW(fitted({"a", "__UNKNOWN__"}, {}), DataError);
}

TEST(VocabularyFitter, RefusesMoreValuesThanTheLimit) {
  Limits limits;
  limits.max_dictionary_entries = 2;
  const TextColumn column({"a", "b", "c"});
  VocabularyFitter fitter({}, limits, "c");
  EXPECT_THROW(fitter.add(column.column, 0, 3, 0), DataError);
}

}  // namespace
}  // namespace lade
