// SPDX-License-Identifier: Apache-2.0
#include "lade/features/vocabulary.h"

#include <gtest/gtest.h>

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
