// SPDX-License-Identifier: Apache-2.0
// The canonical form of a recipe: what says the same as a default is left out.
#include "lade/recipe/duration.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

using Object = Json::Object;

/// Adds members that are not the default.
class Writer {
 public:
  void text(std::string_view name, const std::string& value) {
    if (!value.empty()) put(name, Json{value});
  }
  void truth(std::string_view name, bool value) {
    if (value) put(name, Json{true});
  }
  void whole(std::string_view name, Index value, Index otherwise) {
    if (value != otherwise) put(name, Json{value});
  }
  void real(std::string_view name, double value, double otherwise) {
    if (value != otherwise) put(name, Json{value});
  }
  /// A number where the text is one: 7, "30d".
  void number_or_text(std::string_view name, const std::string& value) {
    const auto number = parse_whole(value);
    if (number && std::to_string(*number) == value) {
      put(name, Json{*number});
    } else {
      text(name, value);
    }
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    Json::Array items;
    for (const std::string& value : values) items.emplace_back(value);
    put(name, Json{std::move(items)});
  }
  void put(std::string_view name, Json value) {
    members_.emplace_back(std::string(name), std::move(value));
  }
  bool empty() const { return members_.empty(); }
  Json take() { return Json{std::move(members_)}; }

 private:
  Object members_;
};

std::string window_text(const WindowRule& window) {
  switch (window.kind) {
    case WindowRule::Kind::history:
      return "";
    case WindowRule::Kind::row:
      return "row";
    case WindowRule::Kind::events:
      break;
  }
  std::string text = "events(" + std::to_string(window.length);
  if (window.stride != 0) text += ", stride = " + std::to_string(window.stride);
  return text + ")";
}

Json sequence_json(const SequenceSpec& spec) {
  Writer out;
  out.text("entity", spec.entity);
  out.text("time", spec.time);
  out.text("window", window_text(spec.window));
  out.whole("max_length", spec.max_length, 0);
  out.number_or_text("until", spec.until);
  out.text("until_lag", spec.until_lag);
  out.text("max_age", spec.max_age);
  out.whole("week_start", spec.week_start, 1);
  out.text("timezone", spec.timezone);
  out.truth("drop_empty", spec.drop_empty);
  return out.take();
}

/// "1", "2.5".
std::string number_text(double value) {
  std::string text = write_json(Json{value});
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string step_text(const CleanStep& step) {
  const auto quoted = [](const std::string& text) {
    const char quote = text.find('\'') == std::string::npos ? '\'' : '"';
    return quote + text + quote;
  };
  switch (step.kind) {
    case CleanStep::Kind::trim:
      return "trim";
    case CleanStep::Kind::lower:
      return "lower";
    case CleanStep::Kind::upper:
      return "upper";
    case CleanStep::Kind::collapse:
      return "collapse";
    case CleanStep::Kind::replace:
      break;
  }
  return "replace(" + quoted(step.from) + ", " + quoted(step.to) + ")";
}

void write_number(const NumericInput& numeric, Writer& out) {
  if (numeric.transform == NumericInput::Transform::log10) {
    out.text("transform",
             numeric.log_shift == 1.0
                 ? "log10"
                 : "log10(shift = " + number_text(numeric.log_shift) + ")");
  }
  out.real("scale", numeric.scale, 1.0);
  out.real("shift", numeric.shift, 0.0);
  out.real("fill", static_cast<double>(numeric.fill), 0.0);
}

void write_category(const VocabularyOptions& options, Writer& out) {
  using Order = VocabularyOptions::Order;
  using Unknown = VocabularyOptions::Unknown;
  using Missing = VocabularyOptions::Missing;
  const bool compat = options.label_encoder;
  CleanOptions usual;
  if (compat) usual = {{}, {}};
  if (options.clean.steps != usual.steps) {
    std::vector<std::string> steps;
    steps.reserve(options.clean.steps.size());
    for (const CleanStep& step : options.clean.steps) steps.push_back(step_text(step));
    out.texts("clean", steps);
  }
  if (options.clean.nulls != usual.nulls) out.texts("nulls", options.clean.nulls);
  if (compat) {
    out.text("compat", "label_encoder");
  } else {
    if (options.order == Order::frequency) out.text("order", "frequency");
    if (options.order == Order::first_seen) out.text("order", "first_seen");
    constexpr const char* kUnknown[] = {"", "sorted", "last", "rare", "ignore", "fail"};
    static_assert(static_cast<int>(Unknown::fail) == 5);
    out.text("unknown", kUnknown[static_cast<int>(options.unknown)]);
    constexpr const char* kMissing[] = {"", "token", "text", "fail"};
    static_assert(static_cast<int>(Missing::fail) == 3);
    out.text("missing", kMissing[static_cast<int>(options.missing)]);
  }
  out.whole("min_count", options.min_count, 1);
  out.whole("max_size", options.max_size, 0);
  if (options.rare) {
    Writer rare;
    rare.put("min_count", Json{options.rare->min_count});
    rare.text("into", options.rare->into);
    rare.truth("always", options.rare->always);
    out.put("rare", rare.take());
  }
  out.truth("reserve_padding", options.reserve_padding);
}

Json input_json(const InputSpec& input) {
  Writer out;
  out.text("column", input.column);
  if (input.name != input.column) out.text("as", input.name);
  out.text("dtype", input.dtype);
  if (input.overflow == InputSpec::Overflow::inf) out.text("overflow", "inf");
  if (input.overflow == InputSpec::Overflow::fail) out.text("overflow", "fail");
  if (input.kind == InputSpec::Kind::category) {
    out.text("kind", "category");
    write_category(input.vocabulary, out);
  } else {
    write_number(input.numeric, out);
  }
  return out.take();
}

}  // namespace

Json target_json(const TargetText& target) {
  Writer out;
  out.text("name", target.name);
  out.text("where", target.where);
  out.text("aggregate", target.aggregate);
  out.text("expression", target.expression);
  out.text("every", target.every);
  out.number_or_text("look_back", target.look_back);
  out.number_or_text("look_ahead", target.look_ahead);
  out.number_or_text("lag", target.lag);
  out.text("look_back_by", target.look_back_by);
  out.text("within", target.within);
  if (target.empty) out.put("empty", Json{*target.empty});
  out.text("warmup", target.warmup);
  out.text("missing", target.missing);
  out.text("of", target.of);
  out.whole("quantiles", target.quantiles, 0);
  if (target.ties_upper) out.text("ties", "upper");
  if (!target.thresholds.empty()) {
    out.put("thresholds",
            Json{Json::Array(target.thresholds.begin(), target.thresholds.end())});
  }
  return out.take();
}

namespace {

Json family_json(const FamilySpec& family) {
  const FamilySpec usual;
  Writer out;
  out.put("count", Json{family.count});
  out.put("seed", Json{family.seed});
  if (!family.values.empty()) out.texts("values", family.values);
  out.text("sets_of", family.sets_of);
  if (family.least_codes != usual.least_codes ||
      family.most_codes != usual.most_codes) {
    out.put("set_size",
            Json{Json::Array{Json{family.least_codes}, Json{family.most_codes}}});
  }
  if (family.aggregates != usual.aggregates) out.texts("aggregates", family.aggregates);
  if (family.every != usual.every) out.texts("every", family.every);
  if (family.look_back != usual.look_back) out.texts("look_back", family.look_back);
  out.real("min_support", family.min_support, usual.min_support);
  if (family.name != usual.name) out.text("name", family.name);
  return out.take();
}

Json output_json(const RecipeSpec& spec) {
  Writer out;
  out.truth("mask", spec.sequence.mask);
  out.truth("padding_mask", spec.sequence.padding_mask);
  out.truth("entity", spec.sequence.entity_array);
  out.truth("stack", spec.stack_targets);
  out.truth("valid", spec.target_valid);
  out.truth("target_time", spec.target_time);
  out.text("align", spec.align);
  out.number_or_text("observed_until", spec.observed_until);
  return out.take();
}

Json source_json(const io::SourceOptions& source) {
  const io::SourceOptions usual;
  Writer out;
  out.text("format", source.format);
  if (source.delimiter) out.text("delimiter", std::string(1, *source.delimiter));
  if (source.quote != usual.quote) out.text("quote", std::string(1, source.quote));
  if (source.decimal != usual.decimal)
    out.text("decimal", std::string(1, source.decimal));
  if (!source.column_names.empty()) out.texts("header", source.column_names);
  if (source.nulls != usual.nulls) out.texts("nulls", source.nulls);
  const auto map = [&](std::string_view name,
                       const std::map<std::string, std::string>& of) {
    if (of.empty()) return;
    Writer members;
    for (const auto& [key, value] : of) members.put(key, Json{value});
    out.put(name, members.take());
  };
  map("types", source.types);
  map("dates", source.dates);
  if (source.policies.on_bad)
    out.text("on_bad", std::string(name(*source.policies.on_bad)));
  if (source.policies.on_truncated) {
    out.text("on_truncated", std::string(name(*source.policies.on_truncated)));
  }
  if (source.policies.on_disorder) {
    out.text("on_disorder", std::string(name(*source.policies.on_disorder)));
  }
  if (const auto& most = source.policies.max_bad) {
    if (most->count) {
      out.put("max_bad", Json{*most->count});
    } else {
      out.put("max_bad", Json{most->fraction});
    }
  }
  return out.take();
}

}  // namespace

Json recipe_json(const RecipeSpec& spec) {
  Writer out;
  const auto part = [&](std::string_view name, Json json) {
    if (!json.as<Object>()->empty()) out.put(name, std::move(json));
  };
  part("sequence", sequence_json(spec.sequence));
  Json::Array inputs, targets;
  for (const InputSpec& input : spec.inputs) inputs.push_back(input_json(input));
  for (const TargetText& target : spec.targets) targets.push_back(target_json(target));
  if (!inputs.empty()) out.put("input", Json{std::move(inputs)});
  if (!targets.empty()) out.put("target", Json{std::move(targets)});
  Json::Array families;
  for (const FamilySpec& family : spec.families)
    families.push_back(family_json(family));
  if (!families.empty()) out.put("target_family", Json{std::move(families)});
  out.text("compat", spec.compat);
  part("output", output_json(spec));
  if (!spec.label.empty()) {
    Writer label;
    label.text("column", spec.label);
    out.put("label", label.take());
  }
  if (spec.source) part("source", source_json(*spec.source));
  if (!spec.loader.empty()) {
    Writer loader;
    for (const auto& [field, value] : spec.loader) {
      loader.put(field, parse_json(value, "[loader]", Limits{}));
    }
    out.put("loader", loader.take());
  }
  return out.take();
}

}  // namespace lade
