// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lade/core/error.h"
#include "lade/core/unknown_name.h"
#include "lade/recipe/aggregate_text.h"
#include "lade/recipe/duration.h"
#include "lade/recipe/expression_syntax.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

ExpressionOptions expression_options(const Fields& fields, std::string_view field) {
  ExpressionOptions options;
  options.field = fields.place(field);
  options.limits = fields.document().limits;
  return options;
}

/// Syntax only; its nodes count as parts of the recipe.
Syntax checked_syntax(const Fields& fields, std::string_view field,
                      std::string_view text) {
  Document& document = fields.document();
  ExpressionOptions options = expression_options(fields, field);
  options.limits.max_recipe_parts =
      std::max<Index>(1, document.limits.max_recipe_parts - document.parts);
  Syntax syntax = parse_expression(text, options);
  document.parts += static_cast<Index>(syntax.nodes.size());
  return syntax;
}

void check_aggregate(const Fields& fields, std::string_view text) {
  const AggregateText aggregate =
      parse_aggregate(text, expression_options(fields, "aggregate"));
  if (!aggregate.value.empty()) checked_syntax(fields, "aggregate", aggregate.value);
}

/// A number of intervals (>= least) or a duration (> 0, or >= 0); "" stays "".
std::string parse_length(const Fields& fields, std::string_view field, Index least) {
  const std::string text = fields.number_or_text(field);
  if (text.empty() || (field == "look_back" && text == "all")) return text;
  const auto number = parse_whole(text);
  const auto duration = parse_duration(text);
  if (!number && !duration) {
    fields.refuse_value(field,
                        "must be a whole number or a duration such as \"30d\"" +
                            std::string(field == "look_back" ? " or \"all\"" : ""));
  }
  if ((number ? *number : duration->count) < least) {
    fields.refuse_value(field, "must be >= " + std::to_string(least));
  }
  return text;
}

std::string parse_interval(const Fields& fields, std::string_view field) {
  const std::string text = fields.text(field);
  if (fields.has(field)) parse_every(text, TimeUnit::ns, fields.place(field));
  return text;
}

void parse_windows(const Fields& fields, TargetText& target) {
  target.look_back = parse_length(fields, "look_back", 1);
  target.look_ahead = parse_length(fields, "look_ahead", 1);
  target.lag = parse_length(fields, "lag", 0);
  target.look_back_by = fields.word("look_back_by", {"calendar", "present"});
  target.within = parse_interval(fields, "within");
  const bool event = target.every == "event";
  if (target.every == "sequence") {
    fields.require_absent({"look_back", "look_ahead", "lag", "look_back_by", "within"},
                          "has no meaning with every = \"sequence\"");
  }
  if (!target.look_ahead.empty()) {
    fields.require_absent({"look_back"}, "cannot be given together with look_ahead");
    fields.require_absent({"look_back_by"}, "needs look_back");
    fields.require_absent({"within"}, "cannot be given together with look_ahead");
  }
  if (!target.within.empty()) {
    fields.require_absent({"look_back"}, "cannot be given together with within");
    if (!event) fields.refuse("within", "needs every = \"event\"");
    if (target.within == "event" || target.within == "sequence") {
      fields.refuse_value("within", "must be a calendar interval such as \"day\"");
    }
  }
  if (event) {
    fields.require_absent({"look_back_by"}, "has no meaning with every = \"event\"");
    if (target.within.empty()) fields.require_absent({"lag"}, "needs within");
  }
  const bool counted = target.look_back.empty() || parse_whole(target.look_back);
  if (target.look_back_by == "present" && !counted) {
    fields.refuse_value("look_back_by", "\"present\" needs a number of intervals");
  }
  if (!target.lag.empty() && target.lag != "0") {
    const std::string& length =
        target.look_ahead.empty() ? target.look_back : target.look_ahead;
    const bool duration = parse_duration(length).has_value();
    if (duration != parse_duration(target.lag).has_value()) {
      fields.refuse_value("lag",
                          duration ? "must be a duration, as the window is one"
                                   : "must be a number of intervals, as the window is");
    }
  }
}

/// What means the same as nothing is left out, so that equal recipes have equal text.
void drop_defaults(TargetText& target) {
  if (target.look_back == "1") target.look_back.clear();
  if (target.look_back_by == "calendar") target.look_back_by.clear();
  if (target.lag == "0") target.lag.clear();
  if (target.warmup == "partial") target.warmup.clear();
  if (target.missing == "skip") target.missing.clear();
}

/// -bm .. -b1, b1 .. bm, each times the scale.
std::vector<double> symmetric_thresholds(const Fields& fields) {
  const double scale = fields.real("scale", 1.0);
  if (!std::isfinite(scale) || scale <= 0.0)
    fields.refuse_value("scale", "must be > 0");
  const std::vector<double> steps = fields.reals("symmetric");
  if (steps.empty() || steps.front() <= 0.0) {
    fields.refuse("symmetric", "must hold numbers > 0");
  }
  std::vector<double> thresholds;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    thresholds.push_back(-*step * scale);
  }
  for (const double step : steps) thresholds.push_back(step * scale);
  for (const double threshold : thresholds) {
    if (!std::isfinite(threshold)) {
      fields.refuse("symmetric", "must stay finite times the scale");
    }
  }
  return thresholds;
}

/// Classes of another target: thresholds, or how many quantiles cut it. A fitted recipe
/// has both; its thresholds may be equal.
TargetText parse_class(const Fields& fields) {
  TargetText target;
  target.name = fields.needed_text("name");
  target.of = fields.needed_text("of");
  fields.require_absent(
      {"aggregate", "expression", "where", "every", "look_back", "look_ahead", "lag",
       "look_back_by", "within", "warmup", "missing", "empty"},
      "cannot be given together with of");
  const bool fitted = fields.document().fitted && fields.has("quantiles");
  if (!fitted && fields.has("quantiles")) {
    fields.require_absent({"thresholds"}, "cannot be given together with quantiles");
  }
  const bool symmetric = fields.has("symmetric");
  if (symmetric) {
    fields.require_absent({"thresholds", "quantiles"},
                          "cannot be given together with symmetric");
  } else {
    fields.require_absent({"scale"}, "needs symmetric");
  }
  target.ties_upper = fields.word("ties", {"lower", "upper"}) == "upper";
  target.quantiles = fields.whole("quantiles", 0, 2, 1'000'000);
  target.thresholds =
      symmetric ? symmetric_thresholds(fields) : fields.reals("thresholds");
  if (target.quantiles > 0 && !fitted) return target;
  if (!symmetric && !fields.has("thresholds")) {
    fields.refuse("", "needs 'thresholds', 'symmetric' or 'quantiles'");
  }
  if (target.thresholds.empty()) {
    fields.refuse("thresholds", "must not be empty");
  }
  for (std::size_t k = 1; k < target.thresholds.size(); ++k) {
    const double before = target.thresholds[k - 1];
    const double here = target.thresholds[k];
    if (before < here || (fitted && before == here)) continue;
    fields.refuse(symmetric ? "symmetric" : "thresholds",
                  "must ascend and be distinct, got " + write_json(Json{before}) +
                      " before " + write_json(Json{here}));
  }
  return target;
}

}  // namespace

TargetText parse_target(const Fields& fields) {
  if (fields.has("of")) return parse_class(fields);
  fields.require_absent({"thresholds", "quantiles", "symmetric", "scale", "ties"},
                        "needs of");
  TargetText target;
  target.name = fields.needed_text("name");
  const std::string both = "cannot be given together with expression";
  if (fields.has("expression")) {
    fields.require_absent(
        {"aggregate", "where", "every", "look_back", "look_ahead", "lag",
         "look_back_by", "within", "warmup", "missing", "ddof"},
        both);
    target.expression = fields.needed_text("expression");
  } else if (!fields.has("aggregate")) {
    fields.refuse("", "needs 'aggregate' (or 'expression', for a mix of targets)");
  } else {
    fields.require_absent({"ddof"}, "is written in the aggregate: std(x, ddof = 0)");
    target.aggregate = fields.needed_text("aggregate");
    check_aggregate(fields, target.aggregate);
    if (fields.has("where")) {
      target.where = fields.needed_text("where");
      checked_syntax(fields, "where", target.where);
    }
    target.every = fields.needed_text("every");
    parse_interval(fields, "every");
    parse_windows(fields, target);
    target.warmup = fields.word("warmup", {"partial", "invalid"});
    target.missing = fields.word("missing", {"skip", "fail"});
  }
  if (fields.has("empty")) {
    target.empty = fields.real("empty", 0.0);
    if (!std::isfinite(static_cast<float>(*target.empty))) {
      fields.refuse_value("empty", "must fit f32");
    }
  }
  drop_defaults(target);
  return target;
}

namespace {

/// Fields of a target that hold for all targets of a recipe.
void parse_shared(const Fields& fields, RecipeSpec& spec) {
  spec.target_valid = spec.target_valid || fields.truth("valid");
  const auto one_for_all = [&](std::string_view field, std::string value,
                               std::string& of) {
    if (!fields.has(field)) return;
    if (!of.empty() && of != value) {
      fields.refuse_value(field, "must be the same for all targets, another says '" +
                                     escape_text(of) + "'");
    }
    of = std::move(value);
  };
  one_for_all("align", fields.word("align", {"event"}), spec.align);
  one_for_all("observed_until", fields.number_or_text("observed_until"),
              spec.observed_until);
}

/// Mixes: known names, defined before, of one boundary set.
class Mixes {
 public:
  Mixes(const std::vector<Fields>& tables, const std::vector<TargetText>& targets)
      : tables_(tables), targets_(targets) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (!targets[i].is_class()) names_.push_back(targets[i].name);
      place_.emplace(targets[i].name, i);
      every_.push_back(targets[i].every);
    }
  }

  void check() {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].is_mix()) check(i);
      if (targets_[i].is_class()) check_of(i);
    }
  }

 private:
  /// The target that classes are made of: any target or mix, no classes.
  void check_of(std::size_t i) {
    const auto known = place_.find(targets_[i].of);
    if (known == place_.end()) {
      tables_[i].refuse("of", unknown_name("target", targets_[i].of, names_));
    }
    if (targets_[known->second].is_class()) {
      tables_[i].refuse_value("of", "must be a target or a mix, not classes");
    }
  }

  void check(std::size_t i) {
    const std::string& text = targets_[i].expression;
    const ExpressionOptions options = expression_options(tables_[i], "expression");
    const Syntax syntax = checked_syntax(tables_[i], "expression", text);
    Schema known;
    for (const std::string& name : names_) {
      known.fields.push_back({name, {Kind::f64, TimeUnit::us, false, ""}, true});
    }
    for (const SyntaxNode& node : syntax.nodes) {
      const auto named =
          node.form == SyntaxNode::Form::column ? place_.find(node.word) : place_.end();
      if (named == place_.end() || !targets_[named->second].is_class()) continue;
      refuse_at(text, options, node.spot,
                "'" + escape_text(node.word) + "' are classes; a mix takes numbers");
    }
    ExpressionOptions mix = options;
    mix.mix = true;
    compile_syntax(syntax, text, known, mix);
    for (const SyntaxNode& node : syntax.nodes) {
      if (node.form == SyntaxNode::Form::column) use(i, node, options);
    }
    if (every_[i].empty()) {
      refuse_at(text, options, {0, static_cast<Index>(text.size())}, "uses no target");
    }
  }

  void use(std::size_t i, const SyntaxNode& node, const ExpressionOptions& options) {
    const std::size_t used = place_.at(node.word);
    const std::string& text = targets_[i].expression;
    if (used == i) refuse_at(text, options, node.spot, "a mix cannot use itself");
    const std::string shown = "'" + escape_text(node.word) + "'";
    if (!targets_[used].expression.empty() && used > i) {
      refuse_at(text, options, node.spot,
                "the mix " + shown +
                    " comes later (mixes use earlier ones, so there is no "
                    "cycle); write it before '" +
                    escape_text(targets_[i].name) + "'");
    }
    if (every_[i].empty()) {
      every_[i] = every_[used];
      first_[i] = node.word;
      return;
    }
    const auto set = [](const std::string& every) {
      const Boundary boundary = parse_every(every, TimeUnit::ns, "every");
      return std::pair(boundary.every, boundary.width);
    };
    if (set(every_[used]) != set(every_[i])) {
      refuse_at(text, options, node.spot,
                shown + " is of every \"" + escape_text(every_[used]) + "\", '" +
                    escape_text(first_[i]) + "' of every \"" + escape_text(every_[i]) +
                    "\"; a mix takes one boundary set");
    }
  }

  const std::vector<Fields>& tables_;
  const std::vector<TargetText>& targets_;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> place_;
  std::vector<std::string> every_;  // of mixes: of the targets they use
  std::map<std::size_t, std::string> first_;
};

}  // namespace

void parse_targets(std::vector<Fields> tables, RecipeSpec& spec) {
  std::map<std::string, std::size_t> seen;
  for (Fields& fields : tables) {
    const Json* name = fields.find("name");
    if (name != nullptr && name->as<std::string>() != nullptr)
      fields.call(fields.text("name"));
    fields.only(
        {"name",      "where",          "aggregate", "expression",   "every",
         "look_back", "look_ahead",     "lag",       "look_back_by", "within",
         "empty",     "warmup",         "missing",   "ddof",         "valid",
         "align",     "observed_until", "of",        "thresholds",   "quantiles",
         "symmetric", "scale",          "ties"},
        {"column", "kind", "dtype", "compat", "split_on", "form", "unknown", "weights",
         "nulls", "clean", "order", "threshold", "max_weight", "stack", "horizon"});
    TargetText target = parse_target(fields);
    const auto [first, is_new] = seen.emplace(target.name, spec.targets.size());
    if (!is_new) {
      fields.refuse("name", "is also the name of [[target]] " +
                                std::to_string(first->second + 1));
    }
    if (!spec.compat.empty()) check_hppl(fields, target);
    parse_shared(fields, spec);
    spec.targets.push_back(std::move(target));
  }
  Mixes(tables, spec.targets).check();
}

}  // namespace lade
