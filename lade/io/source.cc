// SPDX-License-Identifier: Apache-2.0
#include "lade/io/source.h"

#include <array>
#include <sstream>
#include <utility>

namespace lade::io {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kSuffixes{{
    {".csv", "csv"},
    {".tsv", "csv"},
    {".parquet", "parquet"},
    {".arrow", "ipc"},
    {".ipc", "ipc"},
    {".feather", "ipc"},
    {".arrows", "ipc"},
}};

bool same(const std::optional<MaxBad>& a, const std::optional<MaxBad>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a || (a->count == b->count && a->fraction == b->fraction);
}

void add(std::ostringstream& out, std::string_view text) {
  out << text.size() << ':' << text << ';';
}

}  // namespace

bool PolicyOptions::operator==(const PolicyOptions& other) const {
  return on_bad == other.on_bad && on_truncated == other.on_truncated &&
         on_disorder == other.on_disorder && same(max_bad, other.max_bad);
}

Policies resolve(const PolicyOptions& arguments, const PolicyOptions& source) {
  const Policies defaults;
  const auto pick = [](const auto& first, const auto& second, const auto& otherwise) {
    return first ? *first : second.value_or(otherwise);
  };
  return {.on_bad = pick(arguments.on_bad, source.on_bad, defaults.on_bad),
          .max_bad = pick(arguments.max_bad, source.max_bad, defaults.max_bad),
          .on_truncated =
              pick(arguments.on_truncated, source.on_truncated, defaults.on_truncated),
          .on_disorder =
              pick(arguments.on_disorder, source.on_disorder, defaults.on_disorder)};
}

std::string format_of(std::string_view path, const SourceOptions& source) {
  if (!source.format.empty()) {
    require(
        source.format == "csv" || source.format == "parquet" || source.format == "ipc",
        "source: format must be csv, parquet or ipc, got " +
            escape_text(source.format));
    return source.format;
  }
  for (const auto& [suffix, format] : kSuffixes) {
    if (path.ends_with(suffix)) return std::string(format);
  }
  throw ArgumentError(
      "source: " + escape_text(path) +
      " must end in .csv, .tsv, .parquet, .arrow, .arrows, .ipc or .feather, or "
      "`format` must be given");
}

std::string fingerprint_text(const SourceOptions& source) {
  std::ostringstream out;
  add(out, source.format);
  add(out,
      source.delimiter ? std::string_view(&*source.delimiter, 1) : std::string_view());
  out << source.quote << source.decimal << source.header << ';';
  for (const auto& name : source.column_names) add(out, name);
  out << '|';
  for (const auto& text : source.nulls) add(out, text);
  for (const auto* table : {&source.types, &source.dates}) {
    out << '|';
    for (const auto& [column, value] : *table) {
      add(out, column);
      add(out, value);
    }
  }
  return out.str();
}

}  // namespace lade::io
