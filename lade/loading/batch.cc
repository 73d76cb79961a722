// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/batch.h"

#include <utility>

namespace lade {

Index BatchArray::bytes() const {
  Index count = width(type);
  for (const Index extent : shape) count *= extent;
  return count;
}

Batch::Batch(std::shared_ptr<Slab> slab, std::vector<BatchArray> arrays, Index epoch,
             Index step, Index padded)
    : slab_(std::move(slab)),
      arrays_(std::move(arrays)),
      epoch_(epoch),
      step_(step),
      padded_(padded) {}

const BatchArray* Batch::find(std::string_view name) const {
  for (const auto& array : arrays_) {
    if (array.name == name) return &array;
  }
  return nullptr;
}

Index Batch::rows() const {
  if (const BatchArray* const ids = find("sample_id")) return ids->shape.front();
  return arrays_.empty() ? 0 : arrays_.front().shape.front();
}

Index Batch::nbytes() const {
  Index sum = 0;
  for (const auto& array : arrays_) sum += array.bytes();
  return sum;
}

std::span<const Index> Batch::sample_id() const {
  const BatchArray* const ids = find("sample_id");
  if (ids == nullptr) return {};
  return {static_cast<const Index*>(ids->data), static_cast<std::size_t>(rows())};
}

}  // namespace lade
