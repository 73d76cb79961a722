// SPDX-License-Identifier: Apache-2.0
// Shared by order.cc (steps and ranks) and bucket.cc (windows of like lengths).
#pragma once

#include <span>
#include <vector>

#include "lade/sampling/order.h"

namespace lade {

/// Positions of an epoch.
Index count_of(const Order& order);
/// The samples at positions [first, first + out.size()).
void samples_at(const Order& order, Index epoch, Index first, std::span<Index> out);
/// Positions at which a sample stands, ascending.
std::vector<Index> positions_of(const Order& order, Index epoch, Index sample_id);
std::string describe(const Order& order);

/// The order below the buckets, if there are any.
Order order_of(const Sampler& sampler);

/// Positions of a whole window, G the global batch.
Index window_positions(const BucketSampler& sampler, Index global) noexcept;
/// Window `number` of an epoch of which `full` positions make whole global batches.
BucketWindow bucket_window(const BucketSampler& sampler, Index global, Index full,
                           Index epoch, Index number);

}  // namespace lade
