// SPDX-License-Identifier: Apache-2.0
// What the targets of a recipe share, and what each of them costs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"

namespace lade {

/// Work that the plan does once.
struct SharedWork {
  std::string kind;  // "boundaries", "filter", "value", "partials", "windows", "equal"
  std::string text;  // in the recipe's words
  std::vector<std::string> targets;  // at least two, but of "boundaries"
};

struct TargetCost {
  std::string name;
  std::string every;
  std::string text;                   // "sum(amount) where mcc == 5411, look_back 7"
  double bytes_per_user = 0;          // of its array, and of target_valid if asked for
  double estimated_ns_per_event = 0;  // shared work divided among its users
  /// Measured: the target alone with what it needs; and what leaving it out saves, with
  /// the mixes that use it (only up to 64 targets). Reading is not part of it.
  std::optional<double> alone_ns_per_event, added_ns_per_event;
};

struct TargetsExplained {
  std::string plan;  // "3 boundary sets, 4 filters, 9 partials for 20 targets"
  std::vector<SharedWork> shared;
  std::vector<TargetCost> targets;  // recipe order
  double events_per_user = 0;       // of the sample; assumed without data
  double estimated_ns_per_event = 0;
  bool measured = false;
  Index sample_sequences = 0, sample_events = 0;
  std::optional<double> ns_per_event;  // measured, all targets together
};

/// Without data: column types are guessed from the text, a user is assumed to have
/// 1,000 events, each an interval of its own. No targets: everything is empty.
/// Errors: as bind_targets.
TargetsExplained explain_targets(const Recipe& recipe);

/// With data: sequences spread evenly over the dataset, up to 100,000 events, are
/// computed on one thread, the least processor time of several passes counts. `poll` is
/// called between passes; what it throws ends the work. Errors: as bind_targets and
/// reading.
TargetsExplained explain_targets(const Recipe& recipe, const io::Dataset& dataset,
                                 const std::function<void()>& poll = {});

/// A target in one line: "sum(amount) where mcc == 5411, look_back 7".
std::string one_line(const TargetText& target);
/// "amount" of "sum(amount)"; "" of count() and mixes.
std::string aggregated(const TargetText& target);

/// For people.
std::string to_text(const TargetsExplained& explained);

}  // namespace lade
