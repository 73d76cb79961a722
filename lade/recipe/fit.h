// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"

namespace lade {

/// What a recipe learns from data: the vocabularies of its category inputs, the codes
/// that its families draw their targets from (they are written out), and the thresholds
/// of classes with quantiles.
///
/// Learns from the sequences of `samples` (ascending ids), else from all.
/// A fitted recipe is fitted anew; its old vocabularies are not looked at.
/// Errors:  ArgumentError for unknown columns and empty columns; DataError above
///          max_dictionary_entries or for what the data break; those of target_family
///          and fit_classes.
/// `poll` is called now and then; what it throws ends the work.
/// Threads: same result for any partition of the data; one pass, row group by row
/// group.
Recipe fit(const Recipe& recipe, const io::Dataset& dataset,
           std::span<const Index> sequences = {}, const Limits& limits = {},
           const std::function<void()>& poll = {});

/// The targets of a family from the codes of a dataset; as in `fit`.
std::vector<TargetText> target_family(const FamilySpec& family,
                                      const io::Dataset& dataset,
                                      std::span<const Index> sequences = {},
                                      const Limits& limits = {},
                                      const std::function<void()>& poll = {});

/// The recipe of a loader that was given none: every number column an input of
/// `numerical`, every text column one of `categorical` (entity and time left out),
/// fitted on the dataset. Without events there is nothing to fit: texts are left out.
Recipe default_recipe(const io::Dataset& dataset, const Limits& limits = {});

}  // namespace lade
