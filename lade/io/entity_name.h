// SPDX-License-Identifier: Apache-2.0
// Whose row it is, as errors say it.
#pragma once

#include <string>

#include "lade/core/sequence.h"
#include "lade/io/index.h"

namespace lade::io {

/// "entity 7: " or "entity 'shop 7': "; "" for none.
std::string name_of_entity(const Entity& entity);
/// The same of a row of an entity column; "" where it is null.
std::string name_of_entity(const Column& column, Index row);

}  // namespace lade::io
