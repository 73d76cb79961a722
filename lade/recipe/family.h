// SPDX-License-Identifier: Apache-2.0
// Families: many different targets from a seed (docs/guide/targets.md).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lade/features/vocabulary.h"
#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"

namespace lade {

/// Draws `family.count` different targets.
///
/// A target is an aggregate of a value, over the rows whose code lies in a set, in a
/// window. The codes of a set are drawn without replacement, by frequency, until the
/// set covers min_support of `events` (rows, those without a code included). Target n
/// depends on the seed and the targets before it only: a larger count keeps the first
/// ones.
/// Errors: ArgumentError naming field, rule and value; with the number of possible
///         targets if there are fewer than `count`.
std::vector<TargetText> target_family(const FamilySpec& family,
                                      const Vocabulary& vocabulary, Index events);

/// count(), any() and days_since_last() take no value.
bool takes_value(std::string_view aggregate);

/// How a family's codes are counted: as they are, without cleaning.
VocabularyOptions family_codes();

/// One table of [[target_family]] as JSON text.  Errors: as Recipe::from_json.
FamilySpec family_from_json(std::string_view text, const Limits& limits = {});

/// The targets as a JSON list, as a recipe holds them.
std::string targets_json(std::span<const TargetText> targets);

}  // namespace lade
