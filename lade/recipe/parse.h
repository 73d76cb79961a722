// SPDX-License-Identifier: Apache-2.0
// From the form of a recipe to a checked RecipeSpec, and back.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lade/recipe/expression.h"
#include "lade/recipe/json.h"
#include "lade/recipe/spec.h"

namespace lade {

/// A text and how places in it are named: by line (TOML) or by path (JSON).
struct Document {
  std::string source;
  bool lines = false;
  Limits limits;
  Index parts = 0;      // operators and expression nodes counted so far
  bool fitted = false;  // the recipe inside a fitted one: it may hold what `fit` adds
};

/// One table of a recipe: typed reading of its fields, errors with the place.
///
/// Errors: ArgumentError `bank.toml: line 12: [[target]] 2 "x": look_back: must be >=
/// 1,
///         got 0` (JSON: `bank.json: /target/1/look_back: ...`).
class Fields {
 public:
  /// `title` is "[[target]] 2", "[sequence]"; `path` is "/target/1".
  Fields(const Json& table, Document& document, std::string title, std::string path);

  /// Refuses a field that is neither in `names` (with the nearest) nor in `later` (as
  /// not in this version).
  void only(std::initializer_list<std::string_view> names,
            std::initializer_list<std::string_view> later = {}) const;
  /// Adds the name of the part to the title: [[target]] 2 "x".
  void call(std::string_view name);

  bool has(std::string_view field) const { return table_->find(field) != nullptr; }
  const Json* find(std::string_view field) const { return table_->find(field); }
  std::string text(std::string_view field) const;         // "" if absent
  std::string needed_text(std::string_view field) const;  // not empty
  std::string word(std::string_view field,
                   std::initializer_list<std::string_view> words,
                   std::initializer_list<std::string_view> later = {}) const;
  Index whole(std::string_view field, Index otherwise, Index least, Index most) const;
  double real(std::string_view field, double otherwise) const;  // finite
  bool truth(std::string_view field) const;                     // false if absent
  /// A text, or a whole number as text.
  std::string number_or_text(std::string_view field) const;
  std::vector<std::string> texts(std::string_view field) const;
  std::vector<double> reals(std::string_view field) const;  // finite
  /// A list of texts and whole numbers, these as text.
  std::vector<std::string> numbers_or_texts(std::string_view field) const;
  std::vector<std::pair<std::string, std::string>> text_map(
      std::string_view field) const;
  Fields table(std::string_view field, std::string title) const;
  /// A table inside this part: [[input]] 2 "x" rare.
  Fields inner(std::string_view field) const;

  /// "bank.toml: line 12: [[target]] 2 "x": where", for errors of others.
  std::string place(std::string_view field) const;
  [[noreturn]] void refuse(std::string_view field, std::string_view rule) const;
  /// With ", got VALUE".
  [[noreturn]] void refuse_value(std::string_view field, std::string_view rule) const;
  /// "'x' is not in this version of Lade yet".
  [[noreturn]] void not_yet(std::string_view field, std::string_view what) const;
  void require_absent(std::initializer_list<std::string_view> fields,
                      std::string_view rule) const;
  Document& document() const { return *document_; }

 private:
  const Json* table_;
  Document* document_;
  std::string title_, path_;
};

/// "log10(shift = 1)", "events(50000, stride = 100)": a name and its arguments.
struct CallText {
  std::string name;
  std::vector<std::pair<std::string, std::string>>
      arguments;  // first may be without a name
};
/// nullopt if it is not of that form.
std::optional<CallText> parse_call(std::string_view text);
/// A whole number or a double that is all of the text.
std::optional<Index> parse_whole(std::string_view text);
std::optional<double> parse_real(std::string_view text);

RecipeSpec parse_recipe(const Json& form, Document& document);

SequenceSpec parse_sequence(const Fields& fields);
InputSpec parse_input(Fields& fields);
io::SourceOptions parse_source(Fields fields);
std::map<std::string, std::string> parse_loader(const Fields& fields);
/// Targets and what they say for the whole recipe.
void parse_targets(std::vector<Fields> tables, RecipeSpec& spec);
/// One target, its window included; not its name's uniqueness.
TargetText parse_target(const Fields& fields);
FamilySpec parse_family(const Fields& fields);
/// What compat = "hppl" does not allow (hppl.cc).
void check_hppl(const Fields& fields, const TargetText& target);
void check_hppl(const Fields& top, const RecipeSpec& spec);

/// The canonical form: defaults left out.
Json target_json(const TargetText& target);
Json recipe_json(const RecipeSpec& spec);

}  // namespace lade
