// SPDX-License-Identifier: Apache-2.0
// Selected rows as bits, 64 to a word: most targets look at few rows, so that is what
// their work should follow. Bits beyond the last row are 0.
#pragma once

#include <cstdint>

#include "lade/targets/aggregate_kernels.h"

namespace lade::kernels {

constexpr Index words_of(Index rows) noexcept { return (rows + 63) / 64; }

/// Shapes: mask (0 or 1) [n]; bits [words_of(n)].
void pack_bits(const std::uint8_t* mask, Index n, std::uint64_t* bits) noexcept;

/// The reverse.
void unpack_bits(const std::uint64_t* bits, Index n, std::uint8_t* mask) noexcept;
/// Every row is selected.  Shapes: bits [words_of(n)].
void all_bits(Index n, std::uint64_t* bits) noexcept;

/// before[w] = ones in the words [0, w).  Shapes: bits [words], before [words + 1].
void rank_words(const std::uint64_t* bits, Index words, std::int32_t* before) noexcept;

/// Which run a row lies in: ones of `begins` up to and including the row, less one.
struct RunBits {
  const std::uint64_t* begins = nullptr;  // bit r: row r is the first of a run
  const std::int32_t* before = nullptr;   // of rank_words
};

/// Joins the selected rows of each run, first to last; the identity where there are
/// none. What reduce_runs gives for rows that are the identity where not selected.
/// Shapes: x [n]; selected (may have more rows), runs.begins [words_of(n)]; out
/// [count].
void join_selected(Combine combine, const double* x, const std::uint64_t* selected,
                   Index n, const RunBits& runs, Index count, double* out) noexcept;

/// Joins the elements of each run, first to last.
/// Shapes: x [ends[runs - 1] + 1]; ends (last element of each run), out [runs].
void reduce_runs(Combine combine, const double* x, const std::int32_t* ends, Index runs,
                 double* out) noexcept;

/// until[0] = 0, until[i + 1] = selected rows up to the last row of run i.
/// Shapes: selected [words], before (of rank_words) [words + 1]; ends [runs].
void count_until(const std::uint64_t* selected, const std::int32_t* before,
                 const std::int32_t* ends, Index runs, std::int32_t* until) noexcept;

/// Copies of ends and keys.  Shapes: all [runs].
void copy_runs(const std::int32_t* ends, const std::int64_t* keys, Index runs,
               std::int32_t* to_ends, std::int64_t* to_keys) noexcept;

}  // namespace lade::kernels
