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

// Where the bytes of a row lie in an array, without padding.
class Extents {
 public:
  explicit Extents(const Batch& batch)
      : batch_(batch),
        lengths_(of_events(batch, "lengths")),
        offsets_(of_events(batch, "offsets")) {}

  std::span<const std::byte> of(const BatchArray& array, Index row) const {
    const auto* const data = static_cast<const std::byte*>(array.data);
    const Index first = array.shape[0];
    const Index stride = first > 0 ? array.bytes() / first : 0;
    if (array.middle == ArraySpec::Middle::packed) {
      return {data + offsets_[row] * stride,
              static_cast<std::size_t>((offsets_[row + 1] - offsets_[row]) * stride)};
    }
    const Index axis = array.middle == ArraySpec::Middle::none ? 1 : array.shape[1];
    const Index bytes = axis > 0 ? stride / axis * entries(array, row, axis) : 0;
    return {data + row * stride, static_cast<std::size_t>(bytes)};
  }

 private:
  static const std::int32_t* of_events(const Batch& batch, std::string_view name) {
    const BatchArray* const array = batch.find(name);
    return array == nullptr ? nullptr : static_cast<const std::int32_t*>(array->data);
  }

  Index entries(const BatchArray& array, Index row, Index axis) const {
    if (array.middle == ArraySpec::Middle::events && lengths_ != nullptr) {
      return lengths_[row];
    }
    if (array.middle != ArraySpec::Middle::intervals) return axis;
    const BatchArray* const mask = mask_of(array.set);
    if (mask == nullptr) return axis;
    const auto* const bits = static_cast<const std::uint8_t*>(mask->data) + row * axis;
    Index count = 0;
    while (count < axis && bits[count] != 0) ++count;
    return count;
  }

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
  const std::int32_t* lengths_;
  const std::int32_t* offsets_;
};

bool is_about_the_row(std::string_view name) {
  return name == "sample_id" || name == "sample_mask" || name == "replaced_id" ||
         name == "mask" || name == "padding_mask" || name == "offsets";
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
      hashes.push_back(xxh3_64(extents.of(array, row)));
    }
    const auto all = std::as_bytes(std::span(hashes));
    sum += random::key(static_cast<std::uint64_t>(ids[static_cast<std::size_t>(row)]),
                       xxh3_64(all));
  }
  return sum;
}

}  // namespace lade
