// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/vocabulary_file.h"

#include <gtest/gtest.h>

#include "lade/core/error.h"
#include "lade/io/file.h"
#include "lade/io/writer.h"
#include "lade/recipe/spec.h"
#include "tests/testing/temporary_directory.h"

namespace lade {
namespace {

/// A fitted recipe with one large vocabulary of texts and one of whole numbers.
Recipe large(Index values, const std::string& first = "a") {
  const Recipe recipe = Recipe::from_toml(
      "[[input]]\ncolumn = \"word/1\"\nkind = \"category\"\norder = \"first_seen\"\n"
      "[[input]]\ncolumn = \"code\"\nkind = \"category\"\n",
      "a.toml");
  std::vector<Vocabulary::Entry> words = {{first, 1}};
  std::vector<Vocabulary::Entry> codes = {{"-1", 1}};
  for (Index i = 1; i < values; ++i) {
    words.push_back({"wörd " + std::to_string(i), i});
    codes.push_back({std::to_string(i), 2 * i});
  }
  const auto fitted = [&](std::size_t input, std::vector<Vocabulary::Entry> entries,
                          bool integers) {
    const InputSpec& spec = recipe.spec().inputs[input];
    return FittedInput{spec.name, std::make_shared<const Vocabulary>(
                                      std::move(entries), spec.vocabulary, integers)};
  };
  return recipe.with_fitted({fitted(0, words, false), fitted(1, codes, true)}, "00ff",
                            9);
}

std::string rule_of(const std::string& path) {
  try {
    Recipe::from_file(path);
  } catch (const DataError& error) {
    return error.place().rule + " " + std::string(io::file_name(error.place().source));
  } catch (const ArgumentError& error) {
    return std::string("ArgumentError ") + error.what();
  }
  return "accepted";
}

class VocabularyFile : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const {
    return io::join(folder_.path(), name);
  }
  std::string bytes(const std::string& name) const {
    return io::read_all(io::real_files(), at(name), Index{1} << 30);
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(VocabularyFile, HoldsMoreThan4096ValuesBesideTheRecipe) {
  large(4096).save(at("small.json"));
  EXPECT_EQ(io::real_files().list(folder_.path()),
            std::vector<std::string>{"small.json"});
  const Recipe recipe = large(4097);
  recipe.save(at("large.json"));
  EXPECT_EQ(io::real_files().list(folder_.path()),
            (std::vector<std::string>{"code.vocabulary.arrow", "large.json",
                                      "small.json", "word%2F1.vocabulary.arrow"}));
  EXPECT_LT(bytes("large.json").size(), 2000U);
  const Recipe again = Recipe::from_file(at("large.json"));
  EXPECT_EQ(again.hash(), recipe.hash());
  EXPECT_EQ(again.to_json(), recipe.to_json());  // all values inside, whatever the file
  EXPECT_EQ(again.fitted_inputs()[1].vocabulary->entries()[1].count, 2);
}

TEST_F(VocabularyFile, SavingTwiceGivesTheSameBytes) {
  large(5000).save(at("a.json"));
  const std::string before = bytes("code.vocabulary.arrow");
  large(5000).save(at("b.json"));  // the files beside it are right already
  EXPECT_EQ(bytes("a.json"), bytes("b.json"));
  large(5000).save(at("a.json"), /*overwrite=*/true);
  EXPECT_EQ(bytes("code.vocabulary.arrow"), before);
}

TEST_F(VocabularyFile, RefusesToReplaceWhatAnotherRecipeMayNeed) {
  large(5000).save(at("a.json"));
  EXPECT_THROW(large(5000, "b").save(at("b.json")), ArgumentError);
  EXPECT_FALSE(io::real_files().exists(at("b.json")));
  EXPECT_EQ(rule_of(at("a.json")), "accepted");
  large(5000, "b").save(at("b.json"), /*overwrite=*/true);
  EXPECT_EQ(rule_of(at("b.json")), "accepted");
  EXPECT_EQ(rule_of(at("a.json")), "recipe.vocabulary word%2F1.vocabulary.arrow");
}

TEST_F(VocabularyFile, RefusesOneThatIsMissingOrDamaged) {
  large(5000).save(at("a.json"));
  const std::string name = "code.vocabulary.arrow";
  const std::string good = bytes(name);
  for (const std::size_t place : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 1);
    io::write_file(at(name), bad, {.overwrite = true});
    EXPECT_EQ(rule_of(at("a.json")), "recipe.vocabulary " + name);
  }
  io::write_file(at(name), good.substr(0, 100), {.overwrite = true});
  EXPECT_EQ(rule_of(at("a.json")), "recipe.vocabulary " + name);
  io::real_files().unlink(at(name));
  EXPECT_EQ(rule_of(at("a.json")), "recipe.vocabulary " + name);
  io::write_file(at(name), good);
  EXPECT_EQ(rule_of(at("a.json")), "accepted");
}

TEST_F(VocabularyFile, RefusesATextThatIsNoFile) {
  large(5000).save(at("a.json"));
  try {
    Recipe::from_json(bytes("a.json"), "pasted");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("read the recipe from its file"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace lade
