// SPDX-License-Identifier: Apache-2.0
// Options of readers: what `[source]`, `lade.open(source=)` and `lade convert` share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lade/core/limits.h"

namespace lade::io {

/// Options of a text reader (loading.md 3.1). Empty optionals mean "by suffix / default".
struct SourceOptions {
  std::string format;                                 // "", csv, parquet, ipc
  std::optional<char> delimiter;                      // ',' ; tab for .tsv
  char quote = '"';
  char decimal = '.';
  bool header = true;
  std::vector<std::string> column_names;              // instead of a header line
  std::vector<std::string> nulls = {""};              // in columns that are not text
  std::map<std::string, std::string> types;           // column -> int64, float64, string, ...
  std::map<std::string, std::string> dates;           // column -> strptime pattern
  std::optional<Policies> policies;                   // defaults of the dataset; arguments win
  bool operator==(const SourceOptions&) const;
};

}  // namespace lade::io
