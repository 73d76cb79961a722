// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/aggregates.h"

#include <algorithm>
#include <array>

namespace lade {
namespace {

using Kind = AggregateKind;
using Option = Aggregate::Option;

constexpr std::array<Aggregate, 14> kAggregates = {
    {{.name = "count", .kind = Kind::count, .is_total = true, .needs_value = false},
     {.name = "sum", .kind = Kind::sum, .is_total = true},
     {.name = "mean", .kind = Kind::mean},
     {.name = "min", .kind = Kind::min},
     {.name = "max", .kind = Kind::max},
     {.name = "std", .kind = Kind::deviation, .option = Option::ddof},
     {.name = "var", .kind = Kind::variance, .option = Option::ddof},
     {.name = "median", .kind = Kind::quantile},
     {.name = "quantile", .kind = Kind::quantile, .option = Option::quantile},
     {.name = "nunique", .kind = Kind::nunique, .is_total = true, .takes_text = true},
     {.name = "any", .kind = Kind::any, .is_total = true, .needs_value = false},
     {.name = "first", .kind = Kind::first},
     {.name = "last", .kind = Kind::last},
     {.name = "days_since_last", .kind = Kind::days_since_last, .needs_value = false}}};

struct Foreign {
  std::string_view word;
  std::string_view name;
};
constexpr std::array<Foreign, 8> kForeign = {{{"avg", "mean"},
                                              {"average", "mean"},
                                              {"stddev", "std"},
                                              {"stdev", "std"},
                                              {"variance", "var"},
                                              {"percentile", "quantile"},
                                              {"distinct", "nunique"},
                                              {"n_unique", "nunique"}}};

}  // namespace

std::span<const Aggregate> aggregates() noexcept { return kAggregates; }

const Aggregate& aggregate_of(AggregateKind kind) noexcept {
  return *std::find_if(kAggregates.begin(), kAggregates.end(),
                       [kind](const Aggregate& known) { return known.kind == kind; });
}

std::string_view foreign_aggregate(std::string_view word) noexcept {
  for (const Foreign& foreign : kForeign) {
    if (foreign.word == word) return foreign.name;
  }
  return {};
}

bool is_total(AggregateKind kind) noexcept { return aggregate_of(kind).is_total; }

bool needs_value(AggregateKind kind) noexcept { return aggregate_of(kind).needs_value; }

}  // namespace lade
