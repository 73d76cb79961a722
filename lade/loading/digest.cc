// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/digest.h"

#include <span>
#include <string_view>
#include <vector>

#include "lade/core/hash.h"
#include "lade/core/random.h"
#include "lade/loading/batch.h"

namespace lade {

std::uint64_t ids_digest(const BatchPlan& batch) noexcept {
  std::uint64_t h =
      random::key(batch.epoch, batch.step, static_cast<Index>(batch.sample_id.size()));
  for (const Index id : batch.sample_id) {
    h = random::extend(h, static_cast<std::uint64_t>(id));
  }
  return h;
}

std::uint64_t fold_ids(std::uint64_t digest, std::uint64_t last) noexcept {
  return random::extend(digest, last);
}

std::uint64_t fold_content(std::uint64_t digest, Index epoch, Index step,
                           std::uint64_t last) noexcept {
  return digest + last * (random::key(epoch, step) | 1U);
}

namespace {

// Rows of the second axis that are data, for each row of the batch.
class Extents {
 public:
  explicit Extents(const Batch& batch)
      : batch_(batch), lengths_(batch.find("lengths")) {}

  Index of(const BatchArray& array, Index row) const {
    const Index axis = array.middle == ArraySpec::Middle::none ? 1 : array.shape[1];
    if (array.middle == ArraySpec::Middle::events && lengths_ != nullptr) {
      return static_cast<const std::int32_t*>(lengths_->data)[row];
    }
    if (array.middle != ArraySpec::Middle::intervals) return axis;
    const BatchArray* const mask = mask_of(array.set);
    if (mask == nullptr) return axis;
    const auto* const bits = static_cast<const std::uint8_t*>(mask->data) + row * axis;
    Index count = 0;
    while (count < axis && bits[count] != 0) ++count;
    return count;
  }

 private:
  const BatchArray* mask_of(Index set) const {
    for (const auto& array : batch_.arrays()) {
      const bool mask =
          array.name == "target_mask" || array.name.starts_with("target_mask/");
      if (mask && array.set == set && array.middle == ArraySpec::Middle::intervals) {
        return &array;
      }
    }
    return nullptr;
  }
  const Batch& batch_;
  const BatchArray* lengths_;
};

bool is_about_the_row(std::string_view name) {
  return name == "sample_id" || name == "sample_mask" || name == "replaced_id" ||
         name == "mask" || name == "padding_mask";
}

}  // namespace

std::uint64_t content_digest(const Batch& batch) {
  const Extents extents(batch);
  const auto ids = batch.sample_id();
  const Index rows = batch.rows() - batch.padded();
  std::uint64_t sum = 0;
  std::vector<std::uint64_t> hashes;
  for (Index row = 0; row < rows; ++row) {
    hashes.clear();
    for (const auto& array : batch.arrays()) {
      if (is_about_the_row(array.name) || array.shape.empty()) continue;
      const Index stride = array.shape[0] > 0 ? array.bytes() / array.shape[0] : 0;
      const Index axis = array.middle == ArraySpec::Middle::none ? 1 : array.shape[1];
      const Index bytes = axis > 0 ? stride / axis * extents.of(array, row) : 0;
      const auto* const data = static_cast<const std::byte*>(array.data) + row * stride;
      hashes.push_back(xxh3_64({data, static_cast<std::size_t>(bytes)}));
    }
    const auto all = std::as_bytes(std::span(hashes));
    sum += random::key(static_cast<std::uint64_t>(ids[static_cast<std::size_t>(row)]),
                       xxh3_64(all));
  }
  return sum;
}

}  // namespace lade
