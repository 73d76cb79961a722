// SPDX-License-Identifier: Apache-2.0
// Cutting ascending times into runs of equal keys without a branch per row.
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// Where the runs go: `runs` so far, with the key of the last one.
struct RunWriter {
  std::int32_t* ends = nullptr;
  std::int64_t* keys = nullptr;
  std::uint64_t* begins =
      nullptr;  // unless nullptr: bit of each run's first row; were 0
  Index runs = 0;
};

/// Appends rows [row, row + n) with key floor((time[r] + shift) / width), r = 0 .. n-1.
///
/// Shapes:   time [n]; writer.ends, writer.keys room for all rows, writer.begins 64 to
/// a word. Requires: time ascending, time[r] + shift does not overflow, width >= 1, row
/// + n < 2^31. Exact:    quotients are estimated in f64 and corrected by their
/// remainder; see the source.
void cut_rows(const std::int64_t* time, Index n, std::int64_t shift, std::int64_t width,
              Index row, RunWriter& writer) noexcept;

/// Appends rows first .. last, all with one key.
void append_run(std::int64_t key, Index first, Index last, RunWriter& writer) noexcept;

}  // namespace lade::kernels
