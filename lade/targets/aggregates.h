// SPDX-License-Identifier: Apache-2.0
// What aggregates there are, by the names recipes use.
#pragma once

#include <span>
#include <string_view>

#include "lade/targets/spec.h"

namespace lade {

struct Aggregate {
  /// The second argument: one with a default goes by its name, the quantile need not.
  enum class Option : std::uint8_t { none, ddof, quantile };

  std::string_view name;
  AggregateKind kind = AggregateKind::count;
  bool is_total = false;    // nothing selected gives 0, valid; else `empty`, invalid
  bool needs_value = true;  // reads a value of its rows
  bool takes_text = false;  // of texts, too
  Option option = Option::none;
};

/// Every aggregate; an added name needs its line here and its work beside it.
std::span<const Aggregate> aggregates() noexcept;

/// Its line.
const Aggregate& aggregate_of(AggregateKind kind) noexcept;

/// The name here of what another tool calls `word` ("avg"); "" if none does.
std::string_view foreign_aggregate(std::string_view word) noexcept;

}  // namespace lade
