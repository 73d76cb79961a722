// SPDX-License-Identifier: Apache-2.0
// One sequence and its targets, drawn for people.
#pragma once

#include <string>
#include <vector>

#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"

namespace lade {

struct PictureOptions {
  std::string of = {};                    // entity; "" = that with the longest history
  std::vector<std::string> targets = {};  // none = the first 12
  bool html = false;                      // a page around the picture
};

/// An SVG: the events of one sequence as stems (the values of the first target that
/// reads any), below them each target as a step line. A target holds from the end of
/// its interval, where it is given, to the next; where it is not valid the ground is
/// hatched.
///
/// Readable on light and dark grounds; needs no other file; text of the data is
/// escaped. Beyond 900 events or intervals those of one pixel are drawn as one stroke
/// from least to most.
/// Errors: ArgumentError without targets, for an unknown target (with the nearest name)
///         or an entity that is not there; as bind_targets and reading.
std::string picture(const Recipe& recipe, const io::Dataset& dataset,
                    const PictureOptions& options = {});

}  // namespace lade
