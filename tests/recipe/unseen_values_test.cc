// SPDX-License-Identifier: Apache-2.0
// Values in a `where` that no row had when the recipe was fitted.
#include "lade/recipe/unseen_values.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "lade/loading/loader.h"
#include "lade/recipe/fit.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

io::Dataset shops() {
  return testing::dataset_of(testing::batch_of(
      {{"user", arrow::int64(), "[1, 1, 2]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND), "[0, 86400, 0]"},
       {"mcc", arrow::int32(), "[5411, -3, 5812]"},
       {"kind", arrow::utf8(), R"(["food", " rent ", "food"])"},
       {"amount", arrow::float64(), "[1, 2, 3]"}}));
}

Recipe fitted(const std::string& where, const std::string& of_input = "") {
  const std::string text =
      "[[input]]\ncolumn = \"mcc\"\nkind = \"category\"\n" + of_input +
      "[[input]]\ncolumn = \"kind\"\nkind = \"category\"\n"
      "[[target]]\nname = \"t\"\naggregate = \"sum(amount)\"\nevery = \"day\"\n"
      "where = \"" +
      where + "\"\n";
  return fit(Recipe::from_toml(text, "a.toml"), shops());
}

using Sentences = std::vector<std::string>;

TEST(UnseenValues, AreNamedOncePerTargetAndColumn) {
  EXPECT_EQ(
      unseen_values(fitted("mcc in (5411, 54, 54, 7) and kind == 'fod'")),
      (Sentences{"target \"t\": where: column 'kind' has no 'fod' among the values "
                 "that the recipe was fitted on; no row matches; did you mean "
                 "'food'?",
                 "target \"t\": where: column 'mcc' has no '54', '7' among the "
                 "values that the recipe was fitted on; no row matches"}));
  EXPECT_EQ(unseen_values(fitted("not (-4 != mcc)")).size(), 1U);
}

TEST(UnseenValues, AreNoneWhereEveryValueWasSeen) {
  EXPECT_EQ(
      unseen_values(fitted("mcc in (5411, -3) or kind not in ('food', ' rent ')")),
      Sentences{});
  // Cleaned it is a value; null has no id; an order names no value.
  EXPECT_EQ(unseen_values(fitted("kind in ('rent', '') or mcc > 9 or amount == 8")),
            Sentences{});
}

TEST(UnseenValues, AreNotKnownOfAVocabularyThatWasCut) {
  EXPECT_EQ(unseen_values(fitted("mcc == 9", "min_count = 2\n")), Sentences{});
  EXPECT_EQ(unseen_values(fitted("mcc == 9", "max_size = 1\n")), Sentences{});
}

TEST(UnseenValues, AreAWarningOfTheLoader) {
  LoaderOptions options;
  options.num_workers = 0;
  SequentialSampler sampler;
  sampler.samples = 2;
  const Recipe recipe = fitted("mcc == 9");
  EXPECT_EQ(Loader(shops(), recipe, sampler, options).warnings(),
            unseen_values(recipe));
  sampler.samples = 0;
  EXPECT_EQ(Loader(shops(), fitted("mcc == 5411"), sampler, options).warnings(),
            Sentences{"no batch: every sample is left out"});
}

}  // namespace
}  // namespace lade
