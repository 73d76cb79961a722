// SPDX-License-Identifier: Apache-2.0
// The small language of `where` and `expression`: parsed, type-checked, compiled to a
// Program.
#pragma once

#include <string>
#include <string_view>

#include "lade/core/expression.h"
#include "lade/core/limits.h"

namespace lade {

struct ExpressionOptions {
  std::string field;  // "[[target]] spent_7d: where", for errors
  Index time = -1;    // column that hour(), weekday(), month() may use with a zone
  std::shared_ptr<const Zone> zone;  // nullptr = UTC
  bool mix = false;                  // columns are targets: log10, clip, if, min, max
  Limits limits;
};

/// Compiles `text` for `schema`.
///
/// Language: == != < <= > >=, in, not in, between a and b (closed), is null, is not
/// null, and
///           or not, + - * / ( ), abs, hour, weekday (1 = Monday), month; numbers,
///           'text' or "text", true, false.
/// Errors:   ArgumentError with the text, a caret under the word and the nearest known
/// name.
Program compile(std::string_view text, const Schema& schema,
                const ExpressionOptions& options);

/// Names of columns (or targets) a text mentions, without binding.
std::vector<std::string> names_in(std::string_view text,
                                  const ExpressionOptions& options);

/// A column's name as an expression writes it, whatever its characters: in backticks.
std::string quoted_name(std::string_view name);

}  // namespace lade
