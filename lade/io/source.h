// SPDX-License-Identifier: Apache-2.0
// Options of readers: what `[source]`, `lade.open(source=)` and `lade convert` share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/hash.h"
#include "lade/core/limits.h"

namespace lade::io {

/// Policies of which some are given and some are left to a default.
struct PolicyOptions {
  std::optional<OnBad> on_bad;
  std::optional<MaxBad> max_bad;
  std::optional<OnTruncated> on_truncated;
  std::optional<OnDisorder> on_disorder;
  bool operator==(const PolicyOptions& other) const;
};

/// What holds: an argument wins over `[source]`, which wins over the default.
Policies resolve(const PolicyOptions& arguments, const PolicyOptions& source);

/// Options of a text reader (docs/formats/csv.md). Empty optionals mean "by suffix".
struct SourceOptions {
  std::string format;             // "", csv, parquet, ipc
  std::optional<char> delimiter;  // ',' ; tab for .tsv
  char quote = '"';
  char decimal = '.';
  bool header = true;
  std::vector<std::string> column_names;     // instead of a header line
  std::vector<std::string> nulls = {""};     // in columns that are not text
  std::map<std::string, std::string> types;  // column -> int64, float64, string, ...
  std::map<std::string, std::string> dates;  // column -> strptime pattern
  PolicyOptions policies;                    // defaults of the dataset; arguments win
  bool operator==(const SourceOptions&) const = default;
};

/// "csv", "parquet" or "ipc": what `source.format` says, else by the suffix of the name
/// (.csv .tsv .parquet .arrow .ipc .feather).
/// Errors: ArgumentError naming the path and the known words.
std::string format_of(std::string_view path, const SourceOptions& source);

/// Everything that changes what a text reader gives, as one text: part of a
/// fingerprint.
std::string fingerprint_text(const SourceOptions& source);

}  // namespace lade::io
