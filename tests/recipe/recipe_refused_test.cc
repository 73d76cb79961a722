// SPDX-License-Identifier: Apache-2.0
// Wrong recipes and the exact words that answer them.
#include <gtest/gtest.h>

#include "lade/core/error.h"
#include "lade/recipe/spec.h"

namespace lade {
namespace {

std::string toml(std::string_view text, const Limits& limits = {}) {
  try {
    Recipe::from_toml(text, "a.toml", limits);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}
std::string json(std::string_view text, const Limits& limits = {}) {
  try {
    Recipe::from_json(text, "a.json", limits);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

struct Wrong {
  std::string text;
  std::string message;
};

void expect_all(const std::vector<Wrong>& table) {
  for (const Wrong& wrong : table)
    EXPECT_EQ(toml(wrong.text), wrong.message) << wrong.text;
}

/// A target with these fields added on line 5.
std::string target(const std::string& fields) {
  return "[[target]]\nname = \"x\"\naggregate = \"sum(a)\"\nevery = \"day\"\n" + fields;
}
std::string input(const std::string& fields) {
  return "[[input]]\ncolumn = \"x\"\n" + fields;
}

TEST(RecipeRefused, NamesLinePartAndTheNearestField) {
  expect_all({
      {"\n[[target]]\nname = \"x\"\nwher = \"a > 1\"\n",
       "a.toml: line 4: [[target]] 1 \"x\": unknown field 'wher'; did you mean "
       "'where'?"},
      {"[[input]]\ncolumn = \"a\"\n[[input]]\ncolum = \"b\"\n",
       "a.toml: line 4: [[input]] 2: unknown field 'colum'; did you mean 'column'?"},
      {"[sequenze]\n",
       "a.toml: line 1: unknown field 'sequenze'; did you mean 'sequence'?"},
      {"[sequence]\nwindows = \"row\"\n",
       "a.toml: line 2: [sequence]: unknown field 'windows'; did you mean 'window'?"},
      {"zzzzzzzz = 1",
       "a.toml: line 1: unknown field 'zzzzzzzz'; there are 'sequence', 'input', "
       "'target', 'target_family', 'label', 'output', 'source', 'loader' ..."},
      {"[[input]]\n", "a.toml: line 1: [[input]] 1: 'column' is missing"},
      {"[[input]]\ncolumn = \"\"\n",
       "a.toml: line 2: [[input]] 1: column: must not be empty"},
      {"[[target]]\naggregate = \"count()\"\nevery = \"day\"\n",
       "a.toml: line 1: [[target]] 1: 'name' is missing"},
      {"[[target]]\nname = \"x\"\n",
       "a.toml: line 1: [[target]] 1 \"x\": needs 'aggregate' (or 'expression', for a "
       "mix of "
       "targets)"},
      {"[[target]]\nname = \"x\"\naggregate = \"count()\"\n",
       "a.toml: line 1: [[target]] 1 \"x\": 'every' is missing"},
      {"input = { column = \"a\" }",
       "a.toml: line 1: input: must be a list of tables: write [[input]]"},
      {"input = [1]", "a.toml: line 1: [[input]] 1: must be a table, got 1"},
      {"sequence = 3", "a.toml: line 1: [sequence]: must be a table, got 3"},
  });
}

TEST(RecipeRefused, NamesThePathOfJson) {
  EXPECT_EQ(
      json("{\"target\":[{\"name\":\"x\",\"wher\":1}]}"),
      "a.json: /target/0/wher: [[target]] 1 \"x\": unknown field 'wher'; did you mean "
      "'where'?");
  EXPECT_EQ(
      json("{\"sequence\":{\"week_start\":9}}"),
      "a.json: /sequence/week_start: [sequence]: week_start: must be <= 7, got 9");
  EXPECT_EQ(json("[1]"), "a.json: must be a table, got a list");
  EXPECT_EQ(json("{\"input\":[{\"column\":\"x\",\"column\":\"y\"}]}"),
            "a.json: key 'column' is given twice");
  EXPECT_EQ(json("{\"input\":"), "a.json: byte 10: not valid JSON at '\"input\":'");
}

TEST(RecipeRefused, WrongTypes) {
  expect_all({
      {"[sequence]\nentity = 3\n",
       "a.toml: line 2: [sequence]: entity: must be a text, got 3"},
      {"[sequence]\nmax_length = \"many\"\n",
       "a.toml: line 2: [sequence]: max_length: must be a whole number, got 'many'"},
      {"[sequence]\nmax_length = 1.5\n",
       "a.toml: line 2: [sequence]: max_length: must be a whole number, got 1.5"},
      {"[sequence]\nmax_length = 0\n",
       "a.toml: line 2: [sequence]: max_length: must be >= 1, got 0"},
      {"[sequence]\ndrop_empty = 1\n",
       "a.toml: line 2: [sequence]: drop_empty: must be true or false, got 1"},
      {"[sequence]\nweek_start = 0\n",
       "a.toml: line 2: [sequence]: week_start: must be >= 1, got 0"},
      {"[sequence]\nuntil = 1.5\n",
       "a.toml: line 2: [sequence]: until: must be a whole number or a text, got 1.5"},
      {"[sequence]\nmax_age = \"30\"\n",
       "a.toml: line 2: [sequence]: max_age: must be a duration such as \"30d\" or "
       "\"12h\", got '30'"},
      {"[sequence]\nmax_age = \"30d\"\n",
       "a.toml: line 2: [sequence]: max_age: needs until"},
      {"[sequence]\nuntil = 5\nmax_age = \"0d\"\n",
       "a.toml: line 3: [sequence]: max_age: must be > 0, got '0d'"},
      {input("scale = inf"),
       "a.toml: line 3: [[input]] 1 \"x\": scale: must be finite, got inf"},
      {input("shift = \"a\""),
       "a.toml: line 3: [[input]] 1 \"x\": shift: must be a number, got 'a'"},
      {input("fill = 1e39"),
       "a.toml: line 3: [[input]] 1 \"x\": fill: must fit f32, got 1e+39"},
      {target("empty = 1e39"),
       "a.toml: line 5: [[target]] 1 \"x\": empty: must fit f32, got 1e+39"},
      {target("empty = nan"),
       "a.toml: line 5: [[target]] 1 \"x\": empty: must be finite, got nan"},
      {target("valid = \"yes\""),
       "a.toml: line 5: [[target]] 1 \"x\": valid: must be true or false, got 'yes'"},
  });
}

TEST(RecipeRefused, WordsOutsideTheirLists) {
  expect_all({
      {"[sequence]\nwindow = \"rows\"\n",
       "a.toml: line 2: [sequence]: window: must be \"history\", \"row\" or "
       "\"events(LENGTH, stride "
       "= STEP)\", got 'rows'"},
      {"[sequence]\nwindow = \"events(0)\"\n",
       "a.toml: line 2: [sequence]: window: the length must be a whole number >= 1, "
       "got '0'"},
      {"[sequence]\nwindow = \"events(5, stride = 0)\"\n",
       "a.toml: line 2: [sequence]: window: the stride must be a whole number >= 1, "
       "got '0'"},
      {"[sequence]\nwindow = \"events(5, step = 2)\"\n",
       "a.toml: line 2: [sequence]: window: must be \"history\", \"row\" or "
       "\"events(LENGTH, stride "
       "= STEP)\", got 'events(5, step = 2)'"},
      {input("kind = \"categroy\""),
       "a.toml: line 3: [[input]] 1 \"x\": kind: must be one of \"number\", "
       "\"category\", got "
       "'categroy'; did you mean 'category'?"},
      {input("transform = \"log\""),
       "a.toml: line 3: [[input]] 1 \"x\": transform: must be \"log10\" or "
       "\"log10(shift = S)\", got "
       "'log'"},
      {input("transform = \"log10(shift = 0.5)\""),
       "a.toml: line 3: [[input]] 1 \"x\": transform: shift must be a number >= 1, got "
       "'0.5'"},
      {input("kind = \"category\"\norder = \"sort\""),
       "a.toml: line 4: [[input]] 1 \"x\": order: must be one of \"sorted\", "
       "\"frequency\", "
       "\"first_seen\", got 'sort'; did you mean 'sorted'?"},
      {target("look_back_by = \"calender\""),
       "a.toml: line 5: [[target]] 1 \"x\": look_back_by: must be one of \"calendar\", "
       "\"present\", "
       "got 'calender'; did you mean 'calendar'?"},
      {target("warmup = \"all\""),
       "a.toml: line 5: [[target]] 1 \"x\": warmup: must be one of \"partial\", "
       "\"invalid\", got "
       "'all'"},
      {"[source]\nformat = \"xls\"\n",
       "a.toml: line 2: [source]: format: must be one of \"csv\", \"parquet\", "
       "\"ipc\", got 'xls'"},
      {"[source]\non_bad = \"ignore\"\n",
       "a.toml: line 2: [source]: on_bad: must be one of \"fail\", \"skip\", \"null\", "
       "got 'ignore'"},
  });
}

TEST(RecipeRefused, WindowsOfTargets) {
  const std::string at = "a.toml: line 5: [[target]] 1 \"x\": ";
  expect_all({
      {target("look_back = 0"), at + "look_back: must be >= 1, got 0"},
      {target("look_back = -3"), at + "look_back: must be >= 1, got -3"},
      {target("look_back = \"0d\""), at + "look_back: must be >= 1, got '0d'"},
      {target("look_back = \"week\""),
       at + "look_back: must be a whole number or a duration such as \"30d\" or "
            "\"all\", got 'week'"},
      {target("look_back = 1.5"),
       at + "look_back: must be a whole number or a text, got 1.5"},
      {target("look_ahead = 0"), at + "look_ahead: must be >= 1, got 0"},
      {target("look_ahead = \"all\""), at + "look_ahead: must be a whole number or a "
                                            "duration such as \"30d\", got 'all'"},
      {target("lag = -1"), at + "lag: must be >= 0, got -1"},
      {target("look_back = 1\nlook_ahead = 1"),
       at + "look_back: cannot be given together with look_ahead"},
      {target("within = \"day\""), at + "within: needs every = \"event\""},
      {target("look_back = 7\nlag = \"1d\""),
       "a.toml: line 6: [[target]] 1 \"x\": lag: must be a number of intervals, as the "
       "window is, "
       "got '1d'"},
      {target("look_back = \"7d\"\nlag = 1"),
       "a.toml: line 6: [[target]] 1 \"x\": lag: must be a duration, as the window is "
       "one, got 1"},
      {target("look_back = \"7d\"\nlook_back_by = \"present\""),
       "a.toml: line 6: [[target]] 1 \"x\": look_back_by: \"present\" needs a number "
       "of intervals, "
       "got 'present'"},
      {"[[target]]\nname = \"x\"\naggregate = \"count()\"\nevery = "
       "\"sequence\"\nlook_back = 2\n",
       at + "look_back: has no meaning with every = \"sequence\""},
      {"[[target]]\nname = \"x\"\naggregate = \"count()\"\nevery = \"sequence\"\nlag = "
       "0\n",
       at + "lag: has no meaning with every = \"sequence\""},
      {"[[target]]\nname = \"x\"\naggregate = \"count()\"\nevery = "
       "\"event\"\nlook_back = 2\nwithin = "
       "\"day\"\n",
       at + "look_back: cannot be given together with within"},
      {"[[target]]\nname = \"x\"\naggregate = \"count()\"\nevery = "
       "\"event\"\nlook_back_by = "
       "\"present\"\n",
       at + "look_back_by: has no meaning with every = \"event\""},
      {"[[target]]\nname = \"x\"\naggregate = \"count()\"\nevery = \"wek\"\n",
       "a.toml: line 4: [[target]] 1 \"x\": every: unknown interval 'wek'; did you "
       "mean 'week'?"},
  });
}

TEST(RecipeRefused, AggregatesAndExpressions) {
  const std::string at = "a.toml: line 3: [[target]] 1 \"x\": ";
  const auto aggregate = [](const std::string& text) {
    return "[[target]]\nname = \"x\"\naggregate = \"" + text + "\"\nevery = \"day\"\n";
  };
  expect_all({
      {aggregate("summ(a)"),
       at + "aggregate: unknown aggregate 'summ'; did you mean 'sum'?\n  summ(a)\n"
            "  ^~~~"},
      {aggregate("avg(a)"),
       at + "aggregate: unknown aggregate 'avg'; did you mean 'mean'?\n  avg(a)\n"
            "  ^~~"},
      {aggregate("interquartile(a)"),
       at + "aggregate: unknown aggregate 'interquartile'; there are 'count', 'sum', "
            "'mean', 'min', 'max', 'std', 'var', 'median' ...\n  interquartile(a)\n"
            "  ^~~~~~~~~~~~~"},
      {aggregate("sum"),
       at + "aggregate: must be written as sum(column)\n  sum\n  ^~~"},
      {aggregate("quantile"),
       at + "aggregate: must be written as quantile(column, 0.9)\n  quantile\n"
            "  ^~~~~~~~"},
      {aggregate("any(a"),
       at + "aggregate: must be written as any()\n  any(a\n  ^~~~~"},
      {aggregate("sum()"),
       at + "aggregate: needs a column or an expression\n  sum()\n  ^~~~~"},
      {aggregate("count(a)"),
       at + "aggregate: count() takes no column\n  count(a)\n        ^"},
      {aggregate("days_since_last(a)"),
       at + "aggregate: days_since_last() takes no column\n  days_since_last(a)\n"
            "                  ^"},
      {aggregate("sum(a, b)"),
       at + "aggregate: sum() takes one argument\n  sum(a, b)\n         ^"},
      {aggregate("median(a, 0.5)"),
       at + "aggregate: median() takes one argument\n  median(a, 0.5)\n"
            "            ^~~"},
      {aggregate("std(a, ddof = 0, 1)"),
       at + "aggregate: std() takes a column and 'ddof'\n  std(a, ddof = 0, 1)\n"
            "                   ^"},
      {aggregate("quantile(a)"),
       at + "aggregate: needs the quantile, 0 to 1: quantile(column, 0.9)\n"
            "  quantile(a)\n  ^~~~~~~~~~~"},
      {aggregate("quantile(a, 1.5)"),
       at + "aggregate: the quantile must be a number from 0 to 1\n"
            "  quantile(a, 1.5)\n              ^~~"},
      {aggregate("quantile(a, -0.1)"),
       at + "aggregate: the quantile must be a number from 0 to 1\n"
            "  quantile(a, -0.1)\n              ^~~~"},
      {aggregate("quantile(a, nan)"),
       at + "aggregate: the quantile must be a number from 0 to 1\n"
            "  quantile(a, nan)\n              ^~~"},
      {aggregate("quantile(a, q = half)"),
       at + "aggregate: the quantile must be a number from 0 to 1\n"
            "  quantile(a, q = half)\n                  ^~~~"},
      {aggregate("std(a, 0)"),
       at + "aggregate: must be written as 'ddof = 0'\n  std(a, 0)\n         ^"},
      {aggregate("var(a, ddof = 2)"),
       at + "aggregate: ddof must be 0 or 1\n  var(a, ddof = 2)\n                ^"},
      {aggregate("var(a, dof = 0)"),
       at + "aggregate: unknown argument 'dof'; did you mean 'ddof'?\n"
            "  var(a, dof = 0)\n         ^~~"},
      {aggregate("std(a)") + "ddof = 0\n",
       "a.toml: line 5: [[target]] 1 \"x\": ddof: is written in the aggregate: std(x, "
       "ddof = 0)"},
      {aggregate("sum(a +)"),
       at + "aggregate: the expression ends too early\n  a +\n     ^"},
      {target("where = \"a >> 1\""),
       "a.toml: line 5: [[target]] 1 \"x\": where: '>' is not expected here\n  a >> "
       "1\n     ^"},
      {target("where = \"\""),
       "a.toml: line 5: [[target]] 1 \"x\": where: must not be empty"},
  });
}

TEST(RecipeRefused, MixesOfUnknownLaterOrOtherTargets) {
  const std::string two =
      "[[target]]\nname = \"a\"\naggregate = \"count()\"\nevery = \"day\"\n"
      "[[target]]\nname = \"b\"\naggregate = \"count()\"\nevery = \"week\"\n";
  const std::string at = "a.toml: line 12: [[target]] 3 \"m\": expression: ";
  const auto mix = [&](const std::string& text) {
    return two + "\n[[target]]\nname = \"m\"\nexpression = \"" + text + "\"\n";
  };
  const std::string late = "[[target]]\nname = \"n\"\nexpression = \"m\"\n";
  const std::string place = "a.toml: line 12: [[target]] 3 \"m\": expression: ";
  expect_all({
      {mix("a / c"), at + "unknown target 'c'; did you mean 'a'?\n  a / c\n      ^"},
      {mix("a / b"),
       at + "'b' is of every \"week\", 'a' of every \"day\"; a mix takes one boundary "
            "set\n  a / b\n      ^"},
      {mix("m + a"), at + "a mix cannot use itself\n  m + a\n  ^"},
      {mix("n + 1") + late, at + "the mix 'n' comes later (mixes use earlier ones, so "
                                 "there is no cycle); write it "
                                 "before 'm'\n  n + 1\n  ^"},
      {mix("1 + 2"), at + "uses no target\n  1 + 2\n  ^~~~~"},
      {mix("a > 1"), at + "a mix must be a number, not a condition\n  a > 1\n  ^~~~~"},
      {mix("hour(a)"), at + "hour() is not offered over targets\n  hour(a)\n  ^~~~"},
      {mix("a") + "every = \"day\"\n",
       "a.toml: line 13: [[target]] 3 \"m\": every: cannot be given together with "
       "expression"},
  });
}

TEST(RecipeRefused, NamesGivenTwice) {
  expect_all({
      {"[[input]]\ncolumn = \"a\"\n[[input]]\ncolumn = \"a\"\n",
       "a.toml: line 3: [[input]] 2 \"a\": as: 'a' is also the name of [[input]] 1"},
      {target("") + target(""),
       "a.toml: line 6: [[target]] 2 \"x\": name: is also the name of [[target]] 1"},
      {"a = 1\na = 2\n",
       "a.toml: line 2: Error while parsing key-value pair: cannot redefine existing "
       "integer 'a'"},
      {input("as = \"y\"\nname = \"z\""),
       "a.toml: line 4: [[input]] 1 \"y\": name: is the same as 'as'"},
  });
}

TEST(RecipeRefused, FieldsOfTheOtherKind) {
  expect_all({
      {input("order = \"sorted\""),
       "a.toml: line 3: [[input]] 1 \"x\": order: needs kind = \"category\""},
      {input("kind = \"category\"\nscale = 2"),
       "a.toml: line 4: [[input]] 1 \"x\": scale: needs kind = \"number\""},
      {input("kind = \"category\"\ndtype = \"f32\""),
       "a.toml: line 4: [[input]] 1 \"x\": dtype: ids are i16, i32 or i64, got 'f32'"},
      {input("kind = \"category\"\nunknown = \"rare\""),
       "a.toml: line 4: [[input]] 1 \"x\": unknown: \"rare\" needs rare = { min_count "
       "= ..., into = "
       "... }"},
      {input("kind = \"category\"\nrare = { into = \"o\" }"),
       "a.toml: line 4: [[input]] 1 \"x\" rare: 'min_count' is missing"},
      {input("kind = \"category\"\ncompat = \"label_encoder\"\norder = \"sorted\""),
       "a.toml: line 5: [[input]] 1 \"x\": order: is set by compat = "
       "\"label_encoder\""},
  });
}

TEST(RecipeRefused, RoomsThatAreNotBuiltYet) {
  const std::string not_yet = " is not in this version of Lade yet";
  expect_all({
      {"[[augment]]\n", "a.toml: line 1: augment: this field" + not_yet},
      {"[split]\nval = 0.1\n", "a.toml: line 1: split: this field" + not_yet},
      {"[sequence]\nwindow = 'interval(\"30d\")'\n",
       "a.toml: line 2: [sequence]: window: interval(...)" + not_yet},
      {input("kind = \"labels\""),
       "a.toml: line 3: [[input]] 1 \"x\": kind: \"labels\"" + not_yet},
      {"[output]\narrays = \"per_column\"\n",
       "a.toml: line 2: [output]: arrays: \"per_column\"" + not_yet},
      {"[source]\nlayout = \"nested\"\n",
       "a.toml: line 2: [source]: layout: \"nested\"" + not_yet},
      {"[source]\nfilters = []\n",
       "a.toml: line 2: [source]: filters: this field" + not_yet},
  });
}

TEST(RecipeRefused, LimitsAndPlacesOfFiles) {
  expect_all({
      {"[source]\nlimits = { max_files = 5 }\n",
       "a.toml: line 2: [source]: limits: only the caller raises a limit"},
      {"[source]\ncache_dir = \"/tmp\"\n",
       "a.toml: line 2: [source]: cache_dir: a recipe names no places of files; give "
       "it to open"},
      {"[loader]\nquarantine = \"/tmp/x\"\n",
       "a.toml: line 2: [loader]: quarantine: a recipe names no places of files; give "
       "it to "
       "DataLoader"},
      {"[source]\ndelimiter = \";;\"\n",
       "a.toml: line 2: [source]: delimiter: must be one ASCII character, got ';;'"},
      {"[source]\nheader = false\n",
       "a.toml: line 2: [source]: header: must be true or a list of column names"},
      {"[source]\nmax_bad = 1.5\n",
       "a.toml: line 2: [source]: max_bad: must be a count or a fraction of 0 to 1, "
       "got 1.5"},
      {"[loader]\nbatchsize = 3\n",
       "a.toml: line 2: [loader]: unknown field 'batchsize'; did you mean "
       "'batch_size'?"},
  });
}

TEST(RecipeRefused, DepthBeforeItCostsTheStack) {
  const std::string many(100'000, '[');
  EXPECT_EQ(toml("a = " + many), "a.toml: line 1: nested deeper than max_nesting = 64");
  std::string tables, dots = "a";
  for (int i = 0; i < 100'000; ++i) {
    tables += "{a=";
    dots += ".a";
  }
  EXPECT_EQ(toml("a = " + tables),
            "a.toml: line 1: nested deeper than max_nesting = 64");
  EXPECT_EQ(toml("\n" + dots + " = 1"),
            "a.toml: line 2: nested deeper than max_nesting = 64");
  EXPECT_EQ(toml("[" + dots + "]"),
            "a.toml: line 1: nested deeper than max_nesting = 64");
  EXPECT_EQ(json(many), "a.json: nested deeper than max_nesting = 64");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(json(objects), "a.json: nested deeper than max_nesting = 64");
  // Brackets in texts and comments are none.
  EXPECT_EQ(toml("# " + many + "\n[sequence]\nentity = \"" + std::string(100, '[') +
                 "\"\ntime = '" + std::string(100, '{') + "'\n"),
            "accepted");
}

TEST(RecipeRefused, DepthBehindATextThatEndsInQuotes) {
  const std::string many(100, '[');
  for (const char* text : {"\"\"\"x\"\"\"\"", "'''x'''''"}) {
    EXPECT_EQ(toml("a = [" + std::string(text) + ", " + many + "]"),
              "a.toml: line 1: nested deeper than max_nesting = 64");
  }
}

TEST(RecipeRefused, LettersOutsideAsciiOutsideTexts) {
  EXPECT_NE(toml("gr\u00F6\u00DFe = 1\n").find("a.toml: line 1: "), std::string::npos);
  EXPECT_NE(toml("\u3042\n").find("a.toml: line 1: "), std::string::npos);
  EXPECT_EQ(toml("[sequence]\ntime = \"\"\"t\\\n\u00E9\"\"\"\n\"entity\" = '\u00E9'\n"),
            "accepted");
}

TEST(RecipeRefused, SizeAndPartsBeyondTheLimits) {
  Limits limits;
  limits.max_recipe_bytes = 10;
  EXPECT_EQ(toml("# 89012345", limits), "accepted");
  EXPECT_EQ(toml("# 890123456", limits), "a.toml: has 11 bytes, max_recipe_bytes = 10");
  EXPECT_EQ(json("{        }", limits), "accepted");
  EXPECT_EQ(json("{         }", limits), "a.json: has 11 bytes, max_recipe_bytes = 10");
  limits = {};
  limits.max_recipe_parts = 5;  // the recipe, a target, three nodes
  EXPECT_EQ(toml(target("where = \"a > 1\""), limits),
            "a.toml: line 5: [[target]] 1 \"x\": where: more parts than "
            "max_recipe_parts = 2\n  a > 1\n    ^");
  std::string inputs = "input = [";
  for (int i = 0; i < 20'000; ++i) inputs += "{column=\"" + std::to_string(i) + "\"},";
  EXPECT_NE(toml(inputs + "]").find("more parts than max_recipe_parts = 10000"),
            std::string::npos);
}

TEST(RecipeRefused, BytesThatAreNotUtf8) {
  EXPECT_EQ(toml("# fine\n# \xff\n"), "a.toml: line 2: not valid UTF-8, byte 9");
  EXPECT_EQ(json("{\"label\":{\"column\":\"\xc0\xaf\"}}"),
            "a.json: line 1: not valid UTF-8, byte 20");
  EXPECT_EQ(toml("# \xed\xa0\x80"), "a.toml: line 1: not valid UTF-8, byte 2");
  EXPECT_EQ(toml("# \xf4\x90\x80\x80"), "a.toml: line 1: not valid UTF-8, byte 2");
  EXPECT_EQ(toml("# caf\xc3\xa9 \xf0\x9f\x98\x80"), "accepted");
}

TEST(RecipeRefused, HostileTextIsEscaped) {
  const auto without_list = [](std::string text) {
    return text.substr(0, text.find("; there are"));
  };
  EXPECT_EQ(without_list(toml("\"a\\u001b[2J\" = 1")),
            "a.toml: line 1: unknown field 'a\\x1B[2J'");
  EXPECT_EQ(without_list(json("{\"a\\u202e\":1}")),
            "a.json: /a\\u202E: unknown field 'a\\u202E'");
}

TEST(RecipeRefused, HugeNumbers) {
  expect_all({
      {"[sequence]\nmax_length = 9223372036854775807\n",
       "a.toml: line 2: [sequence]: max_length: must be <= 1099511627776, got "
       "9223372036854775807"},
      {target("look_back = \"99999999999999999999d\""),
       "a.toml: line 5: [[target]] 1 \"x\": look_back: must be a whole number or a "
       "duration such as "
       "\"30d\" or \"all\", got '99999999999999999999d'"},
  });
  EXPECT_EQ(json("{\"sequence\":{\"max_length\":18446744073709551615}}"),
            "a.json: /sequence/max_length: [sequence]: max_length: must be a whole "
            "number, got "
            "18446744073709551616.0");
  EXPECT_EQ(json("{\"sequence\":{\"max_length\":1e999}}"),
            "a.json: byte 31: not valid JSON at '1e999'");
}

}  // namespace
}  // namespace lade
