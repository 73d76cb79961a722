// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lade/core/error.h"
#include "lade/core/hash.h"
#include "lade/recipe/spec.h"

namespace lade {
namespace {

Recipe unfitted() {
  return Recipe::from_toml(
      "[[input]]\ncolumn = \"x\"\n"
      "[[input]]\ncolumn = \"op\"\nkind = \"category\"\norder = \"frequency\"\n"
      "[[input]]\ncolumn = \"code\"\nkind = \"category\"\n",
      "a.toml");
}

FittedInput fitted(const Recipe& recipe, std::size_t input, bool integers,
                   std::vector<Vocabulary::Entry> entries) {
  const InputSpec& spec = recipe.spec().inputs[input];
  FittedInput result;
  result.name = spec.name;
  result.vocabulary =
      std::make_shared<const Vocabulary>(std::move(entries), spec.vocabulary, integers);
  result.nulls = 3;
  result.rare = 1;
  return result;
}

Recipe example() {
  const Recipe recipe = unfitted();
  return recipe.with_fitted({fitted(recipe, 2, true, {{"-7", 1}, {"5", 2}}),
                             fitted(recipe, 1, false, {{"b\n\"é", 9}, {"a", 4}})},
                            "00ff", 20);
}

std::string error_of(std::string_view text) {
  try {
    Recipe::from_json(text, "f.json");
  } catch (const DataError& error) {
    return error.place().rule;
  } catch (const ArgumentError& error) {
    return std::string("ArgumentError ") + error.what();
  }
  return "accepted";
}

/// The text with a right check sum again.
std::string summed(std::string text) {
  const std::string head = "{\"check\":\"";
  text = "{" + text.substr(head.size() + 18);
  const std::string sum = hex(xxh3_64(text));
  return head + sum + "\"," + text.substr(1);
}
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(FittedRecipe, IsReadBackAsItWas) {
  const Recipe recipe = example();
  EXPECT_TRUE(recipe.fitted());
  EXPECT_FALSE(unfitted().fitted());
  const Recipe again = Recipe::from_json(recipe.to_json(), "f.json");
  EXPECT_EQ(again.to_json(), recipe.to_json());
  EXPECT_EQ(again.hash(), recipe.hash());
  EXPECT_TRUE(again.fitted());
  ASSERT_EQ(again.fitted_inputs().size(), 2U);
  EXPECT_EQ(again.fitted_inputs()[0].name, "op");  // the recipe's order
  EXPECT_EQ(again.fitted_inputs()[0].nulls, 3);
  EXPECT_EQ(again.fitted_inputs()[0].vocabulary->entries()[0].text, "b\n\"é");
  EXPECT_EQ(again.fitted_inputs()[0].vocabulary->entries()[0].count, 9);
  EXPECT_TRUE(again.fitted_inputs()[1].vocabulary->integers());
}

TEST(FittedRecipe, SaysFormatDatasetAndRows) {
  const std::string text = example().to_json();
  EXPECT_TRUE(text.starts_with("{\"check\":\""));
  for (const char* part :
       {"\"format\":1", "\"dataset\":\"00ff\"", "\"rows\":{\"all\":20}",
        "\"counts\":{\"null\":3,\"rare\":1,\"unknown\":0}", "\"order\":\"frequency\"",
        "\"values\":[[\"-7\",1],[\"5\",2]]"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(summed(text), text);
}

TEST(FittedRecipe, HashKnowsTheVocabularyButNotTheDataset) {
  const Recipe recipe = unfitted();
  const auto with = [&](const char* value, const char* dataset) {
    return recipe.with_fitted({fitted(recipe, 1, false, {{value, 1}})}, dataset, 1)
        .hash();
  };
  EXPECT_EQ(with("a", "00"), with("a", "11"));
  EXPECT_NE(with("a", "00"), with("b", "00"));
  EXPECT_NE(with("a", "00"), recipe.hash());
}

TEST(FittedRecipe, RefusesEveryCut) {
  const std::string text = example().to_json();
  for (std::size_t size = 10; size < text.size(); ++size) {
    EXPECT_EQ(error_of(text.substr(0, size)), "recipe.json") << size;
  }
}

TEST(FittedRecipe, RefusesEveryFlippedBit) {
  const std::string text = example().to_json();
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_NE(error_of(flipped), "accepted")
          << at << " bit " << bit << " of " << text.substr(at > 20 ? at - 20 : 0, 30);
    }
  }
}

TEST(FittedRecipe, RefusesNewerFormatsByNumber) {
  const std::string text =
      summed(replaced(example().to_json(), "\"format\":1", "\"format\":3"));
  try {
    Recipe::from_json(text, "f.json");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "f.json: recipe.format: fitted by format 3, this Lade reads 1");
  }
}

TEST(FittedRecipe, RefusesWhatDoesNotFitTogether) {
  const std::string text = example().to_json();
  const auto changed = [&](const std::string& from, const std::string& to) {
    return error_of(summed(replaced(text, from, to)));
  };
  EXPECT_EQ(error_of(replaced(text, "00ff", "00fe")), "recipe.check");
  EXPECT_EQ(changed("[\"a\",4]", "[\"c\",4]"), "recipe.vocabulary");
  EXPECT_EQ(changed(",[\"a\",4]", ""), "recipe.vocabulary");
  EXPECT_EQ(changed("[\"a\",4]", "[\"a\",-4]"), "recipe.recipe");
  EXPECT_EQ(changed("[\"-7\",1]", "[\"x\",1]"), "recipe.vocabulary");
  EXPECT_EQ(changed("\"op\":{", "\"oq\":{"), "recipe.vocabulary");
  EXPECT_EQ(changed("\"kind\":\"category\"", "\"kind\":\"numbr\""), "recipe.recipe");
  EXPECT_EQ(changed("\"rows\":{\"all\":20}", "\"rows\":{}"), "recipe.recipe");
}

TEST(FittedRecipe, RefusesInputsThatAreNoCategories) {
  const Recipe recipe = unfitted();
  FittedInput input = fitted(recipe, 1, false, {{"a", 1}});
  input.name = "x";
  EXPECT_THROW(recipe.with_fitted({input}, "", 1), ArgumentError);
}

}  // namespace
}  // namespace lade
