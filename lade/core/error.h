// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lade/core/matrix.h"

namespace lade {

/// The caller broke a rule written in a doc comment. ValueError in Python, exit code 2.
class ArgumentError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Where in the input a rule was broken. What is not known stays empty.
struct Place {
  std::string source = {};           // file or table; credentials already cut away
  std::optional<Index> offset = {};  // byte in the source
  std::optional<Index> row = {};     // row or record; lines of text count from 1
  std::string column = {};
  std::string rule = {};   // stable id, for example "csv.field_count"
  std::string value = {};  // offending value, not yet escaped
};

/// The bytes are not what their format promises. `lade.DataError`, exit code 3.
///
/// Text: `ticks.dbn: byte 536, record 6: dbn.record_length: record must be 56 bytes, 32
/// left`. A row is called a record where the rule starts with `dbn.`, a line with
/// `csv.` or `ts.`. Source and column are escaped here. `what` must hold input only
/// through `escape_text`; control characters that slipped in are escaped all the same.
class DataError : public std::runtime_error {
 public:
  /// `what` is the rule in words, with the value: "record must be 56 bytes, 32 left".
  DataError(Place place, std::string_view what);
  const Place& place() const { return place_; }
  const std::string& detail() const { return detail_; }

 private:
  Place place_;
  std::string detail_;
};

/// The operating system or a remote store refused. OSError in Python, exit code 4.
class IoError : public std::runtime_error {
 public:
  /// `doing` says what was tried: "writing 65536 bytes".
  IoError(std::string path, int errno_value, std::string_view doing = "");
  const std::string& path() const { return path_; }
  int error_number() const { return errno_; }

 private:
  std::string path_;
  int errno_;
};

/// Throws ArgumentError unless `ok`. `rule` names the function, the rule and the value:
/// "rolling_moments: window must be >= 1, got 0".
void require(bool ok, std::string_view rule);

/// Makes text from a stranger safe to print.
///
/// C0, C1, DEL, bidi controls and invalid UTF-8 become `\x1B` or `\u202E`, `\` is
/// doubled, and the result is cut after 200 bytes (with `...`).
std::string escape_text(std::string_view text);

/// The candidate nearest to `word` by edit distance, or "" when none is near
/// (distance over a third of the length, at least 1; words over 200 bytes have none).
template <class Names>
std::string nearest_name(std::string_view word, const Names& names);

/// Edit distance with adjacent swaps as one step (optimal string alignment).
Index edit_distance(std::string_view a, std::string_view b);

template <class Names>
std::string nearest_name(std::string_view word, const Names& names) {
  std::string best;
  if (word.size() > 200) return best;
  Index least = static_cast<Index>(word.size()) / 3 + 1;
  for (const auto& name : names) {
    const Index distance = edit_distance(word, name);
    if (distance <= least && (best.empty() || distance < least)) {
      least = distance;
      best = std::string(name);
    }
  }
  return best;
}

}  // namespace lade

/// For what only our own mistake can break; never for input.
#define LADE_DCHECK(condition) assert(condition)
