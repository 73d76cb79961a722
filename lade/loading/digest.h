// SPDX-License-Identifier: Apache-2.0
// Numbers that prove two streams of batches equal; docs/formats/digest.md.
#pragma once

#include <cstdint>

#include "lade/sampling/order.h"

namespace lade {

inline constexpr std::uint64_t kFirstDigest = 0x6C616465U;

/// key(epoch, step, B, ids as planned...).
std::uint64_t ids_digest(const BatchPlan& batch) noexcept;

/// The running digest after one more delivered batch of `ids_digest` `last`.
std::uint64_t fold_ids(std::uint64_t digest, std::uint64_t last) noexcept;

/// The running digest after one more delivered batch of `content_digest` `last`: linear
/// in it, so that digests of ranks add up to that of one rank.
std::uint64_t fold_content(std::uint64_t digest, Index epoch, Index step,
                           std::uint64_t last) noexcept;

}  // namespace lade
