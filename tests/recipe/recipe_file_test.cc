// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "lade/core/error.h"
#include "lade/recipe/spec.h"

namespace lade {
namespace {

class RecipeFile : public ::testing::Test {
 protected:
  RecipeFile() {
    directory_ = std::filesystem::temp_directory_path() /
                 ("lade_recipe_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  ~RecipeFile() override { std::filesystem::remove_all(directory_); }
  std::string path(const std::string& name) const { return directory_ / name; }
  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path directory_;
};

Recipe fitted(int values) {
  const Recipe recipe =
      Recipe::from_toml("[[input]]\ncolumn = \"op\"\nkind = \"category\"\n", "a.toml");
  std::vector<Vocabulary::Entry> entries;
  for (int i = 0; i < values; ++i) {
    entries.push_back({"v" + std::to_string(1'000'000 + i), i + 1});
  }
  FittedInput input;
  input.name = "op";
  input.vocabulary = std::make_shared<const Vocabulary>(
      std::move(entries), recipe.spec().inputs[0].vocabulary, false);
  return recipe.with_fitted({input}, "00", values);
}

TEST_F(RecipeFile, KeepsAFittedRecipe) {
  const Recipe recipe = fitted(3);
  recipe.save(path("f.json"));
  EXPECT_EQ(contents(path("f.json")), recipe.to_json() + "\n");
  const Recipe again = Recipe::from_file(path("f.json"));
  EXPECT_EQ(again.to_json(), recipe.to_json());
  EXPECT_EQ(again.hash(), recipe.hash());
}

TEST_F(RecipeFile, KeepsAPlainRecipe) {
  const Recipe recipe = Recipe::from_toml("[[input]]\ncolumn = \"x\"\n", "a.toml");
  recipe.save(path("p.json"));
  EXPECT_EQ(Recipe::from_file(path("p.json")).hash(), recipe.hash());
}

TEST_F(RecipeFile, KeepsLargeVocabularies) {
  const Recipe recipe = fitted(20'000);
  recipe.save(path("large.json"));
  const Recipe again = Recipe::from_file(path("large.json"));
  EXPECT_EQ(again.hash(), recipe.hash());
  EXPECT_EQ(again.to_json(), recipe.to_json());
}

TEST_F(RecipeFile, RefusesToOverwriteUnlessTold) {
  const Recipe recipe = fitted(3);
  recipe.save(path("f.json"));
  EXPECT_THROW(recipe.save(path("f.json")), ArgumentError);
  EXPECT_NO_THROW(fitted(4).save(path("f.json"), true));
  EXPECT_EQ(Recipe::from_file(path("f.json")).hash(), fitted(4).hash());
}

TEST_F(RecipeFile, RefusesOtherNames) {
  EXPECT_THROW(fitted(3).save(path("f.toml")), ArgumentError);
  EXPECT_THROW(Recipe::from_file(path("f.yaml")), ArgumentError);
  EXPECT_THROW(Recipe::from_file(path("absent.toml")), IoError);
}

TEST_F(RecipeFile, ReadsTheExampleOfTheBank) {
  const Recipe recipe =
      Recipe::from_file(std::string(LADE_TEST_DATA) + "/../../examples/bank.toml");
  EXPECT_EQ(recipe.spec().inputs.size(), 3U);
  EXPECT_EQ(recipe.spec().targets.size(), 4U);
  ASSERT_EQ(recipe.spec().families.size(), 1U);
  EXPECT_EQ(recipe.spec().families[0].count, 20);
  EXPECT_EQ(recipe.spec().source->policies.on_truncated, OnTruncated::stop);
  EXPECT_FALSE(recipe.fitted());
}

}  // namespace
}  // namespace lade
