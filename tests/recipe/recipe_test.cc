// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/spec.h"

#include <gtest/gtest.h>

#include "lade/core/error.h"

namespace lade {
namespace {

constexpr std::string_view kBank = R"toml(
input = [ { column = "amount", transform = "log10(shift = 1)", as = "amount_log10" }, { column = "balance" },
          { column = "operation", kind = "category" } ]
target = [
  { name = "spent_30d", where = 'type in ("VYDAJ", "VYBER")', aggregate = "sum(amount)", every = "day", look_back = 30 },
  { name = "all_30d", aggregate = "sum(amount)", every = "day", look_back = 30 },
  { name = "spent_share", expression = "spent_30d / all_30d" },
  { name = "spent_next_month", where = 'type in ("VYDAJ", "VYBER")', aggregate = "sum(amount)", every = "month", look_ahead = 1 },
]
[source]
format = "csv"
delimiter = ";"
dates = { date = "%y%m%d" }
on_truncated = "stop"
[sequence]
entity = "account_id"
time = "date"
max_length = 128
)toml";

TEST(Recipe, ReadsTheBankRecipe) {
  const Recipe recipe = Recipe::from_toml(kBank, "bank.toml");
  const RecipeSpec& spec = recipe.spec();
  EXPECT_EQ(spec.sequence.entity, "account_id");
  EXPECT_EQ(spec.sequence.time, "date");
  EXPECT_EQ(spec.sequence.max_length, 128);
  ASSERT_EQ(spec.inputs.size(), 3U);
  EXPECT_EQ(spec.inputs[0].name, "amount_log10");
  EXPECT_EQ(spec.inputs[0].numeric.transform, NumericInput::Transform::log10);
  EXPECT_EQ(spec.inputs[0].numeric.log_shift, 1.0);
  EXPECT_EQ(spec.inputs[1].name, "balance");
  EXPECT_EQ(spec.inputs[2].kind, InputSpec::Kind::category);
  ASSERT_EQ(spec.targets.size(), 4U);
  EXPECT_EQ(spec.targets[0].where, "type in (\"VYDAJ\", \"VYBER\")");
  EXPECT_EQ(spec.targets[0].look_back, "30");
  EXPECT_EQ(spec.targets[2].expression, "spent_30d / all_30d");
  EXPECT_EQ(spec.targets[3].look_ahead, "1");
  ASSERT_TRUE(spec.source.has_value());
  EXPECT_EQ(spec.source->delimiter, ';');
  EXPECT_EQ(spec.source->dates.at("date"), "%y%m%d");
  EXPECT_EQ(spec.source->policies.on_truncated, OnTruncated::stop);
  EXPECT_FALSE(spec.source->policies.on_bad.has_value());
}

TEST(Recipe, TablesAndInlineListsAreTheSame) {
  const Recipe inline_list =
      Recipe::from_toml("input = [ { column = \"a\" } ]", "a.toml");
  const Recipe tables = Recipe::from_toml("[[input]]\ncolumn = \"a\"\n", "b.toml");
  const Recipe json = Recipe::from_json("{\"input\": [{\"column\": \"a\"}]}", "c.json");
  EXPECT_EQ(inline_list.hash(), tables.hash());
  EXPECT_EQ(inline_list.hash(), json.hash());
  EXPECT_EQ(tables.to_json(), json.to_json());
}

TEST(Recipe, WritesCanonicalJson) {
  const Recipe recipe = Recipe::from_toml(
      "[[target]]\nname = \"t\"\naggregate = \"count()\"\nevery = \"day\"\nlook_back = "
      "1\n"
      "look_back_by = \"calendar\"\nlag = 0\nwarmup = \"partial\"\nmissing = \"skip\"\n"
      "empty = 0\n[sequence]\nwindow = \"events(8, stride = 8)\"\nweek_start = 1\n",
      "a.toml");
  EXPECT_EQ(
      recipe.to_json(),
      "{\"sequence\":{\"window\":\"events(8)\"},\"target\":[{\"aggregate\":\"count()\","
      "\"empty\":0.0,\"every\":\"day\",\"name\":\"t\"}]}");
}

TEST(Recipe, KeepsEverythingThroughJson) {
  const std::string_view all = R"toml(
[sequence]
entity = "user id"
time = "t"
window = "events(50000, stride = 100)"
max_length = 1099511627776
until = 2024-03-01
until_lag = "12h"
max_age = "365d"
week_start = 7
timezone = "+03:00"
drop_empty = true
[output]
mask = true
padding_mask = true
entity = true
stack = true
valid = true
target_time = true
align = "event"
observed_until = "2024-04-01T00:00:00"
[label]
column = "churned"
[source]
format = "csv"
delimiter = "\t"
quote = "'"
decimal = ","
header = ["a", "b\u0007\"\\"]
nulls = ["", "NA"]
types = { a = "int64" }
dates = { b = "%Y-%m-%d" }
on_bad = "skip"
max_bad = 1.0
on_truncated = "stop"
on_disorder = "keep"
[loader]
batch_size = 64
shuffle = "block"
pad_to = [16, 64]
dtypes = { numerical = "bf16" }
sample_fraction = 0.1
[[input]]
column = "x"
as = "x_scaled"
scale = 0.1
shift = -3.0e-7
fill = 0.1
dtype = "float16"
[[input]]
column = "x"
transform = "log10(shift = 2.5)"
[[input]]
column = "drug"
kind = "category"
clean = ["trim", "lower", "replace(' ', '_')"]
nulls = ["", "nan"]
order = "frequency"
unknown = "rare"
missing = "token"
min_count = 2
max_size = 1000
rare = { min_count = 20, into = "Other_Grouped", always = true }
reserve_padding = true
dtype = "i32"
[[input]]
column = "code"
kind = "category"
compat = "label_encoder"
[[target]]
name = "a"
where = "x > 0.5 and drug == 'é'"
aggregate = "mean(x * 2)"
every = "15min"
look_back = "30d"
lag = "1d"
empty = -1.5
warmup = "invalid"
missing = "fail"
[[target]]
name = "b"
aggregate = "max(x)"
every = "event"
within = "day"
lag = 1
[[target]]
name = "c"
aggregate = "count()"
every = "week"
look_back = 3
look_back_by = "present"
[[target]]
name = "mix"
expression = "if(c > 0, log10(c), 0) + clip(c, 0, 1)"
[[target]]
name = "d"
aggregate = "sum(x)"
every = "day"
look_back = "all"
)toml";
  const Recipe recipe = Recipe::from_toml(all, "all.toml");
  const std::string json = recipe.to_json();
  const Recipe again = Recipe::from_json(json, "all.json");
  EXPECT_EQ(again.to_json(), json);
  EXPECT_EQ(again.hash(), recipe.hash());
  EXPECT_EQ(again.spec().sequence.max_length, 1'099'511'627'776);
  EXPECT_EQ(again.spec().sequence.until, "2024-03-01");
  EXPECT_EQ(again.spec().inputs[0].dtype, "f16");
  EXPECT_EQ(again.spec().inputs[0].numeric.fill, 0.1F);
  EXPECT_EQ(again.spec().inputs[0].numeric.scale, 0.1);
  EXPECT_EQ(again.spec().inputs[2].vocabulary.clean,
            recipe.spec().inputs[2].vocabulary.clean);
  EXPECT_EQ(again.spec().inputs[2].vocabulary.rare->into, "Other_Grouped");
  EXPECT_TRUE(again.spec().inputs[3].vocabulary.label_encoder);
  EXPECT_EQ(again.spec().source, recipe.spec().source);
  EXPECT_EQ(again.spec().source->policies.max_bad->fraction, 1.0);
  EXPECT_EQ(again.spec().loader, recipe.spec().loader);
  EXPECT_EQ(again.spec().loader.at("pad_to"), "[16,64]");
}

TEST(Recipe, HashLeavesOutSourceAndLoader) {
  const Recipe bare = Recipe::from_toml("[[input]]\ncolumn = \"a\"\n", "x");
  const Recipe more = Recipe::from_toml(
      "[[input]]\ncolumn = \"a\"\n[source]\ndelimiter = \";\"\n[loader]\nbatch_size = "
      "3\n",
      "x");
  const Recipe other = Recipe::from_toml("[[input]]\ncolumn = \"b\"\n", "x");
  EXPECT_EQ(bare.hash(), more.hash());
  EXPECT_NE(bare.to_json(), more.to_json());
  EXPECT_NE(bare.hash(), other.hash());
}

TEST(Recipe, AnEmptyRecipeIsOne) {
  EXPECT_EQ(Recipe::from_toml("", "x").to_json(), "{}");
  EXPECT_EQ(Recipe::from_json("{}", "x").to_json(), "{}");
  EXPECT_TRUE(Recipe::from_toml("", "x").fitted());
}

TEST(Recipe, LabelEncoderSetsTheOptionsOfTheCategory) {
  const Recipe recipe = Recipe::from_toml(
      "[[input]]\ncolumn = \"a\"\nkind = \"category\"\ncompat = \"label_encoder\"\n",
      "x");
  const VocabularyOptions& options = recipe.spec().inputs[0].vocabulary;
  EXPECT_EQ(options.unknown, VocabularyOptions::Unknown::sorted);
  EXPECT_EQ(options.missing, VocabularyOptions::Missing::text);
  EXPECT_TRUE(options.clean.steps.empty());
  EXPECT_TRUE(options.clean.nulls.empty());
}

TEST(Recipe, ReadsArraysOfTargetsForTheWholeRecipe) {
  const Recipe recipe = Recipe::from_toml(
      "[[target]]\nname = \"a\"\naggregate = \"count()\"\nevery = \"day\"\nvalid = "
      "true\n"
      "align = \"event\"\nobserved_until = 17\n",
      "x");
  EXPECT_TRUE(recipe.spec().target_valid);
  EXPECT_EQ(recipe.spec().align, "event");
  EXPECT_EQ(recipe.spec().observed_until, "17");
}

}  // namespace
}  // namespace lade
