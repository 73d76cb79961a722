// SPDX-License-Identifier: Apache-2.0
#include "lade/core/calendar.h"
#include "lade/core/error.h"
#include "lade/recipe/duration.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

constexpr Index kMost = Index{1} << 40;  // rows of a window or of a sequence

WindowRule parse_window(const Fields& fields) {
  WindowRule rule;
  if (!fields.has("window")) return rule;
  const std::string text = fields.text("window");
  const auto call = parse_call(text);
  const auto bad = [&] {
    fields.refuse(
        "window",
        "must be \"history\", \"row\" or \"events(LENGTH, stride = STEP)\", got '" +
            escape_text(text) + "'");
  };
  if (!call) {
    bad();
    return rule;
  }
  if (call->name == "interval") fields.not_yet("window", "interval(...)");
  if (call->name == "history" || call->name == "row") {
    if (text != call->name) bad();
    rule.kind = call->name == "row" ? WindowRule::Kind::row : WindowRule::Kind::history;
    return rule;
  }
  if (call->name != "events" || call->arguments.empty() || call->arguments.size() > 2)
    bad();
  rule.kind = WindowRule::Kind::events;
  for (std::size_t i = 0; i < call->arguments.size(); ++i) {
    const auto& [name, value] = call->arguments[i];
    const auto number = parse_whole(value);
    if (name != (i == 0 ? "" : "stride")) bad();
    const std::string what = i == 0 ? "the length" : "the stride";
    if (!number || *number < 1 || *number > kMost) {
      fields.refuse("window", what + " must be a whole number >= 1, got '" +
                                  escape_text(value) + "'");
    }
    (i == 0 ? rule.length : rule.stride) = *number;
  }
  if (rule.stride == rule.length) rule.stride = 0;
  return rule;
}

/// A duration > 0 (or >= 0), as text.
std::string parse_duration_field(const Fields& fields, std::string_view field,
                                 bool zero) {
  std::string text = fields.text(field);
  if (!fields.has(field)) return text;
  const auto duration = parse_duration(text);
  if (!duration)
    fields.refuse_value(field, "must be a duration such as \"30d\" or \"12h\"");
  if (duration->count < (zero ? 0 : 1)) {
    fields.refuse_value(field, zero ? "must not be negative" : "must be > 0");
  }
  return duration->count == 0 ? "" : text;
}

std::optional<MaxBad> parse_max_bad(const Fields& fields) {
  const Json* most = fields.find("max_bad");
  if (most == nullptr) return std::nullopt;
  MaxBad result;
  if (most->as<std::int64_t>() != nullptr) {
    result.count = fields.whole("max_bad", 0, 0, Index{1} << 62);
    return result;
  }
  result.fraction = fields.real("max_bad", 0.0);
  if (result.fraction < 0.0 || result.fraction > 1.0) {
    fields.refuse_value("max_bad", "must be a count or a fraction of 0 to 1");
  }
  return result;
}

}  // namespace

SequenceSpec parse_sequence(const Fields& fields) {
  fields.only({"entity", "time", "window", "max_length", "until", "until_lag",
               "max_age", "week_start", "timezone", "drop_empty"});
  SequenceSpec spec;
  spec.entity = fields.text("entity");
  spec.time = fields.text("time");
  spec.window = parse_window(fields);
  spec.max_length = fields.whole("max_length", 0, 1, kMost);
  spec.until = fields.number_or_text("until");
  spec.until_lag = parse_duration_field(fields, "until_lag", true);
  spec.max_age = parse_duration_field(fields, "max_age", false);
  if (!spec.until_lag.empty() && spec.until.empty())
    fields.refuse("until_lag", "needs until");
  if (!spec.max_age.empty() && spec.until.empty())
    fields.refuse("max_age", "needs until");
  spec.week_start = static_cast<int>(fields.whole("week_start", 1, 1, 7));
  spec.timezone = fields.text("timezone");
  if (!spec.timezone.empty()) {
    try {
      Zone::find(spec.timezone);
    } catch (const ArgumentError& error) {
      fields.refuse("timezone", error.what());
    }
  }
  spec.drop_empty = fields.truth("drop_empty");
  return spec;
}

io::SourceOptions parse_source(Fields fields) {
  for (const std::string_view field : {"cache_dir", "storage", "source"}) {
    if (fields.has(field)) {
      fields.refuse(field, "a recipe names no places of files; give it to open");
    }
  }
  if (fields.has("limits")) fields.refuse("limits", "only the caller raises a limit");
  fields.only(
      {"format", "delimiter", "quote", "decimal", "header", "nulls", "types", "dates",
       "on_bad", "max_bad", "on_truncated", "on_disorder", "layout"},
      {"columns", "filters", "schema", "manifest", "fingerprint", "memory_budget"});
  io::SourceOptions source;
  source.format = fields.word("format", {"csv", "parquet", "ipc"}, {"dbn", "ts"});
  const auto letter = [&](std::string_view field) -> std::optional<char> {
    if (!fields.has(field)) return std::nullopt;
    const std::string text = fields.text(field);
    const bool ascii = text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 &&
                       text[0] != '\n' && text[0] != '\r' && text[0] != '\0';
    if (!ascii) fields.refuse_value(field, "must be one ASCII character");
    return text[0];
  };
  source.delimiter = letter("delimiter");
  source.quote = letter("quote").value_or('"');
  source.decimal = letter("decimal").value_or('.');
  if (source.decimal != '.' && source.decimal != ',') {
    fields.refuse_value("decimal", "must be \".\" or \",\"");
  }
  const char delimiter = source.delimiter.value_or(',');
  if (delimiter == source.quote) fields.refuse("quote", "must differ from delimiter");
  if (delimiter == source.decimal && source.delimiter.has_value()) {
    fields.refuse("decimal", "must differ from delimiter");
  }
  const Json* header = fields.find("header");
  if (header != nullptr && header->as<Json::Array>() != nullptr) {
    source.column_names = fields.texts("header");
    if (source.column_names.empty())
      fields.refuse("header", "the list of names is empty");
    source.header = false;
  } else if (header != nullptr) {
    source.header = fields.truth("header");
    if (!source.header) {
      fields.refuse("header", "must be true or a list of column names");
    }
  }
  if (fields.has("nulls")) source.nulls = fields.texts("nulls");
  for (auto& [column, type] : fields.text_map("types"))
    source.types.emplace(column, type);
  for (auto& [column, pattern] : fields.text_map("dates")) {
    source.dates.emplace(column, pattern);
  }
  fields.word("layout", {"auto", "flat"}, {"nested"});

  if (fields.has("on_bad")) {
    source.policies.on_bad =
        parse_on_bad(fields.word("on_bad", {"fail", "skip", "null"}));
  }
  if (fields.has("on_truncated")) {
    source.policies.on_truncated =
        parse_on_truncated(fields.word("on_truncated", {"fail", "stop", "strict"}));
  }
  if (fields.has("on_disorder")) {
    source.policies.on_disorder =
        parse_on_disorder(fields.word("on_disorder", {"sort", "fail", "skip", "keep"}));
  }
  source.policies.max_bad = parse_max_bad(fields);
  return source;
}

namespace {

/// A scalar, a list of whole numbers (pad_to) or a table of texts (dtypes).
void check_loader_value(const Fields& fields, std::string_view field,
                        const Json& value) {
  if (const auto* items = value.as<Json::Array>()) {
    for (const Json& item : *items) {
      if (item.as<std::int64_t>() == nullptr) {
        fields.refuse(field, "must be a list of whole numbers");
      }
    }
  } else if (value.as<Json::Object>() != nullptr) {
    fields.text_map(field);
  } else if (value.as<double>() != nullptr) {
    fields.real(field, 0.0);
  }
}

}  // namespace

std::map<std::string, std::string> parse_loader(const Fields& fields) {
  const std::initializer_list<std::string_view> arguments = {"batch_size",
                                                             "shuffle",
                                                             "drop_last",
                                                             "timeout",
                                                             "num_workers",
                                                             "prefetch_factor",
                                                             "pin_memory",
                                                             "pin_memory_device",
                                                             "device",
                                                             "in_order",
                                                             "seed",
                                                             "global_batch_size",
                                                             "sample_fraction",
                                                             "max_length",
                                                             "output",
                                                             "pad_to",
                                                             "pad_multiple",
                                                             "pad_last",
                                                             "dtypes",
                                                             "precision",
                                                             "part",
                                                             "framework",
                                                             "bucket_window",
                                                             "batch_events",
                                                             "memory_budget",
                                                             "cache",
                                                             "cache_bytes",
                                                             "cache_level",
                                                             "on_bad_sample",
                                                             "max_failures",
                                                             "digest",
                                                             "share_targets"};
  for (const std::string_view field : {"cache_dir", "quarantine"}) {
    if (fields.has(field)) {
      fields.refuse(field, "a recipe names no places of files; give it to DataLoader");
    }
  }
  fields.only(arguments);
  std::map<std::string, std::string> loader;
  for (const std::string_view field : arguments) {
    const Json* value = fields.find(field);
    if (value == nullptr) continue;
    check_loader_value(fields, field, *value);
    loader.emplace(field, write_json(*value));
  }
  return loader;
}

}  // namespace lade
