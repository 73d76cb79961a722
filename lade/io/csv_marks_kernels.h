// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/io/csv_marks.h"

namespace lade::kernels {

/// As `io::mark_fields`, by the parity of quotes: false, and nothing promised of
/// `marks`, if a quote opens in the middle of a field, where parity would be wrong.
///
/// Requires: 64 readable bytes behind the text.                          (unchecked)
/// Source:   our own; parity by prefix exclusive-or as in Langdale and Lemire 2019,
///           VLDB Journal 28:941-960.
bool mark_fields(const char* text, Index bytes, io::CsvDialect dialect,
                 std::uint64_t* marks, bool* open) noexcept;

}  // namespace lade::kernels
