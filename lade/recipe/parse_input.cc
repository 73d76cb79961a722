// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "lade/core/convert.h"
#include "lade/core/error.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

using Order = VocabularyOptions::Order;
using Unknown = VocabularyOptions::Unknown;
using Missing = VocabularyOptions::Missing;

constexpr Index kMostCount = Index{1} << 40;

void parse_transform(const Fields& fields, NumericInput& numeric) {
  if (!fields.has("transform")) return;
  const std::string text = fields.text("transform");
  const auto call = parse_call(text);
  if (!call || call->name != "log10" || call->arguments.size() > 1 ||
      (call->arguments.size() == 1 && call->arguments[0].first != "shift")) {
    fields.refuse("transform", "must be \"log10\" or \"log10(shift = S)\", got '" +
                                   escape_text(text) + "'");
  }
  numeric.transform = NumericInput::Transform::log10;
  if (call->arguments.empty()) return;
  const auto shift = parse_real(call->arguments[0].second);
  if (!shift || *shift < 1.0) {
    fields.refuse("transform", "shift must be a number >= 1, got '" +
                                   escape_text(call->arguments[0].second) + "'");
  }
  numeric.log_shift = *shift;
}

void parse_number(const Fields& fields, InputSpec& input) {
  fields.require_absent({"clean", "nulls", "order", "unknown", "missing", "min_count",
                         "max_size", "rare", "reserve_padding", "compat"},
                        "needs kind = \"category\"");
  parse_transform(fields, input.numeric);
  input.numeric.scale = fields.real("scale", 1.0);
  input.numeric.shift = fields.real("shift", 0.0);
  input.numeric.fill = static_cast<float>(fields.real("fill", 0.0));
  if (!std::isfinite(input.numeric.fill)) fields.refuse_value("fill", "must fit f32");
  const std::string overflow = fields.word("overflow", {"saturate", "inf", "fail"});
  if (overflow == "inf") input.overflow = InputSpec::Overflow::inf;
  if (overflow == "fail") input.overflow = InputSpec::Overflow::fail;
}

std::vector<CleanStep> parse_clean(const Fields& fields) {
  std::vector<CleanStep> steps;
  for (const std::string& text : fields.texts("clean")) {
    try {
      steps.push_back(parse_clean_step(text));
    } catch (const ArgumentError& error) {
      fields.refuse("clean", error.what());
    }
  }
  return steps;
}

VocabularyOptions::Rare parse_rare(Fields fields) {
  fields.only({"min_count", "into", "always"});
  VocabularyOptions::Rare rare;
  rare.into = fields.needed_text("into");
  if (!fields.has("min_count")) fields.needed_text("min_count");
  rare.min_count = fields.whole("min_count", 1, 1, kMostCount);
  rare.always = fields.truth("always");
  return rare;
}

/// Ids equal to scikit-learn's LabelEncoder (training 3.2).
void set_label_encoder(const Fields& fields, VocabularyOptions& options) {
  fields.require_absent({"order", "unknown", "missing", "nulls", "reserve_padding"},
                        "is set by compat = \"label_encoder\"");
  options.label_encoder = true;
  options.order = Order::sorted;
  options.unknown = Unknown::sorted;
  options.missing = Missing::text;
  if (!fields.has("clean")) options.clean.steps.clear();
  options.clean.nulls.clear();
}

void parse_category(const Fields& fields, InputSpec& input) {
  fields.require_absent({"transform", "scale", "shift", "fill", "overflow"},
                        "needs kind = \"number\"");
  VocabularyOptions& options = input.vocabulary;
  if (fields.has("clean")) options.clean.steps = parse_clean(fields);
  if (fields.has("nulls")) options.clean.nulls = fields.texts("nulls");
  const std::string order = fields.word("order", {"sorted", "frequency", "first_seen"});
  if (order == "frequency") options.order = Order::frequency;
  if (order == "first_seen") options.order = Order::first_seen;
  const std::string unknown =
      fields.word("unknown", {"zero", "sorted", "last", "rare", "ignore", "fail"});
  if (unknown == "sorted") options.unknown = Unknown::sorted;
  if (unknown == "last") options.unknown = Unknown::last;
  if (unknown == "rare") options.unknown = Unknown::rare;
  if (unknown == "ignore") options.unknown = Unknown::ignore;
  if (unknown == "fail") options.unknown = Unknown::fail;
  const std::string missing =
      fields.word("missing", {"unknown", "token", "text", "fail"});
  if (missing == "token") options.missing = Missing::token;
  if (missing == "text") options.missing = Missing::text;
  if (missing == "fail") options.missing = Missing::fail;
  options.min_count = fields.whole("min_count", 1, 1, kMostCount);
  options.max_size = fields.whole("max_size", 0, 1, kMostCount);
  if (fields.has("rare")) options.rare = parse_rare(fields.inner("rare"));
  if (options.unknown == Unknown::rare && !options.rare) {
    fields.refuse("unknown", "\"rare\" needs rare = { min_count = ..., into = ... }");
  }
  options.reserve_padding = fields.truth("reserve_padding");
  if (!fields.word("compat", {"label_encoder"}).empty())
    set_label_encoder(fields, options);
}

}  // namespace

InputSpec parse_input(Fields& fields) {
  InputSpec input;
  if (fields.has("column") && !fields.text("column").empty()) {
    fields.call(fields.has("as") ? fields.text("as") : fields.text("column"));
  }
  fields.only(
      {"column",          "as",      "name",    "kind",      "dtype",    "transform",
       "scale",           "shift",   "fill",    "overflow",  "clean",    "nulls",
       "order",           "unknown", "missing", "min_count", "max_size", "rare",
       "reserve_padding", "compat"},
      {"weights", "split_on", "form", "threshold"});
  input.column = fields.needed_text("column");
  if (fields.has("as") && fields.has("name"))
    fields.refuse("name", "is the same as 'as'");
  input.name = input.column;
  for (const std::string_view field : {"as", "name"}) {
    if (fields.has(field)) input.name = fields.needed_text(field);
  }
  const std::string kind = fields.word("kind", {"number", "category"}, {"labels"});
  input.kind = kind == "category" ? InputSpec::Kind::category : InputSpec::Kind::number;
  const std::string type = fields.text("dtype");
  if (fields.has("dtype")) {
    const DType parsed = parse_dtype(type, fields.place("dtype"));
    const bool id =
        parsed == DType::i16 || parsed == DType::i32 || parsed == DType::i64;
    if (parsed == DType::boolean || (input.kind == InputSpec::Kind::category && !id)) {
      fields.refuse_value("dtype", input.kind == InputSpec::Kind::category
                                       ? "ids are i16, i32 or i64"
                                       : "must be a number type");
    }
    input.dtype = name(parsed);
  }
  if (input.kind == InputSpec::Kind::category) {
    parse_category(fields, input);
  } else {
    parse_number(fields, input);
    const bool integer = input.dtype.starts_with("i") || input.dtype.starts_with("u");
    if (integer && input.overflow == InputSpec::Overflow::inf) {
      fields.refuse("overflow",
                    "integers have no infinity; use \"saturate\" or \"fail\"");
    }
  }
  return input;
}

}  // namespace lade
