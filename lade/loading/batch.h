// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/memory.h"
#include "lade/recipe/plan.h"

namespace lade {

/// One dense array of a batch, a view into its slab.
struct BatchArray {
  std::string name;
  DType type = DType::f32;
  std::vector<Index> shape;
  void* data = nullptr;
  ArraySpec::Middle middle = ArraySpec::Middle::none;  // what the second axis counts,
                                                       // or the first of packed ones
  Index set = 0;                                       // boundary set of `intervals`
  Index bytes() const;
};

/// Named dense arrays in one slab, with lengths, masks and sample ids. Each array is
/// 256-byte aligned; padding is zero.
///
/// Lifetime: arrays live as long as any copy of the Batch or of `slab()`.
class Batch {
 public:
  Batch(std::shared_ptr<Slab> slab, std::vector<BatchArray> arrays, Index epoch,
        Index step, Index padded);
  const std::vector<BatchArray>& arrays() const { return arrays_; }
  /// nullptr if there is no such array.
  const BatchArray* find(std::string_view name) const;
  Index rows() const;                       // B
  Index padded() const { return padded_; }  // rows at the end that repeat others
  Index epoch() const { return epoch_; }
  Index step() const { return step_; }
  Index nbytes() const;
  std::span<const Index> sample_id() const;
  const std::shared_ptr<Slab>& slab() const { return slab_; }

 private:
  std::shared_ptr<Slab> slab_;
  std::vector<BatchArray> arrays_;
  Index epoch_, step_, padded_;
};

/// Bytes of each sample without padding, hashed and folded with its id, summed mod 2^64
/// (docs/formats/digest.md). Repeated rows (sample_mask false) do not count.
std::uint64_t content_digest(const Batch& batch);

}  // namespace lade
