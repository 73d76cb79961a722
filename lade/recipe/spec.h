// SPDX-License-Identifier: Apache-2.0
// A recipe as written: what one sample holds. Parsed from TOML, JSON or Python objects
// (all become the same JSON form), checked here, bound to data by recipe/plan.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/hash.h"
#include "lade/core/limits.h"
#include "lade/features/columns.h"
#include "lade/features/vocabulary.h"
#include "lade/io/source.h"
#include "lade/sampling/windows.h"

namespace lade {

struct SequenceSpec {
  std::string entity, time;  // "" = given to open
  WindowRule window;
  Index max_length = 0;   // 0 = none; the newest are kept
  std::string until;      // a constant time ("2024-03-01" or integer text)
  std::string until_lag;  // duration text
  std::string max_age;    // duration text
  int week_start = 1;
  std::string timezone;
  bool drop_empty = false;
  bool mask = false, padding_mask = false, entity_array = false;  // arrays on request
};

struct InputSpec {
  enum class Kind : std::uint8_t { number, category } kind = Kind::number;
  std::string column;
  std::string name;  // `as`, default the column
  NumericInput numeric;
  VocabularyOptions vocabulary;
  std::string dtype;  // "" = the array's default
  /// What becomes of values beyond `dtype`; the loader's dtypes have rules of their
  /// own.
  enum class Overflow : std::uint8_t {
    saturate,
    inf,
    fail
  } overflow = Overflow::saturate;
};

/// One [[target]] table. Fields left out stay empty.
struct TargetText {
  std::string name;
  std::string where, aggregate, expression;  // aggregate xor expression (a mix)
  std::string every;
  std::string look_back, look_ahead, lag;  // number or duration as text; "all"
  std::string look_back_by, within;
  std::optional<double> empty;
  std::string warmup, missing;
  std::string of;  // classes of this target or mix
  std::vector<double> thresholds;
  Index quantiles = 0;  // `fit` finds the thresholds
  bool ties_upper = false;
  bool is_mix() const { return !expression.empty(); }
  bool is_class() const { return !of.empty(); }
};

/// One [[target_family]] table: `fit` draws its targets and writes them out.
struct FamilySpec {
  Index count = 0;
  std::int64_t seed = 0;
  std::vector<std::string> values;        // columns
  std::string sets_of;                    // column of codes
  Index least_codes = 1, most_codes = 5;  // set_size, closed
  std::vector<std::string> aggregates = {"sum", "mean", "min", "max", "count"};
  std::vector<std::string> every = {"day", "week", "month"};
  std::vector<std::string> look_back = {"1", "7", "30"};
  double min_support = 0.001;  // share of the events that a set covers at least
  std::string name = "{aggregate}_{value}_{every}{look_back}_{n}";
};

/// A fitted input: what `fit` learned, stored with the recipe.
struct FittedInput {
  std::string name;
  std::shared_ptr<const Vocabulary> vocabulary;
  Index nulls = 0, rare = 0, unknown = 0;
};

struct RecipeSpec {
  SequenceSpec sequence;
  std::vector<InputSpec> inputs;
  std::vector<TargetText> targets;
  std::vector<FamilySpec> families;
  std::string compat;  // "" or "hppl"
  bool stack_targets = false, target_valid = false, target_time = false;
  std::string align;  // "" or "event"
  std::string observed_until;
  std::string label;  // [label] column, per sequence constant
  std::optional<io::SourceOptions> source;
  std::map<std::string, std::string>
      loader;  // [loader]: DataLoader arguments, values as JSON
};

/// A checked recipe. A value; copies share.
class Recipe {
 public:
  /// `source` names the text in errors ("bank.toml"). Only syntax, names and types are
  /// checked here; columns when it is bound.
  /// Errors: ArgumentError "bank.toml: line 3: [[target]] 2: unknown field 'wher'; did
  /// you mean
  ///         'where'?", with a caret under the word of an expression. DataError for a
  ///         damaged fitted recipe or a newer format.
  static Recipe from_toml(std::string_view text, std::string_view source,
                          const Limits& = {});
  static Recipe from_json(std::string_view text, std::string_view source,
                          const Limits& = {});
  /// By suffix (.toml, .json); fitted vocabularies beside it are read too.
  static Recipe from_file(const std::string& path, const Limits& = {});

  const RecipeSpec& spec() const;
  /// Canonical JSON: sorted keys, defaults left out, fitted parts included.
  std::string to_json() const;
  /// Without [source] and [loader] (loading.md 3.11).
  Hash128 hash() const;
  bool fitted() const;  // nothing is left to fit
  const std::vector<FittedInput>& fitted_inputs() const;
  /// A copy with these fitted inputs.
  Recipe with_fitted(std::vector<FittedInput> inputs, std::string dataset_fingerprint,
                     Index rows) const;
  /// Writes to_json(), with vocabularies of more than 4,096 values as
  /// `<input>.vocabulary.arrow` files beside it, the recipe last.
  /// Errors: ArgumentError if one of the names is taken, without `overwrite`.
  void save(const std::string& path, bool overwrite = false) const;

  struct State;
  explicit Recipe(std::shared_ptr<const State> state);

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace lade
