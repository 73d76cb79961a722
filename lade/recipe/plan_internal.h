// SPDX-License-Identifier: Apache-2.0
// Shared by plan.cc (binding), plan_shape.cc (lengths) and plan_build.cc (rows).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/io/resident.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/cut.h"
#include "lade/recipe/plan.h"

namespace lade {

inline constexpr Index kSlabAlignment = 256;

constexpr Index align_up(Index bytes) noexcept {
  return (bytes + kSlabAlignment - 1) / kSlabAlignment * kSlabAlignment;
}

/// One input, bound to a column of the reader.
struct BoundInput {
  const InputSpec* spec = nullptr;
  Index column = 0;
  std::shared_ptr<const Vocabulary> vocabulary;  // of categories
};

/// What an array is filled from.
enum class ArraySource : std::uint8_t {
  numerical,
  categorical,
  lengths,
  offsets,
  sample_id,
  sample_mask,
  mask,
  padding_mask,
  entity,
  group,
  label,
  target,
  target_stack,
  target_class,
  target_valid,
  target_mask,
  target_position,
  target_time
};

/// How a filled array is laid out and where its values come from.
struct BoundArray {
  ArraySource source = ArraySource::lengths;
  Index index = 0;               // target, or boundary set
  bool typed_by_inputs = false;  // their `overflow` holds; else the loader's rule
};

struct Plan::Data {
  Recipe recipe;
  io::Dataset dataset;
  PlanOptions options;
  Index max_length = 0;  // 0 = none
  std::vector<std::string> columns;
  Schema schema;    // of `columns`
  Index time = -1;  // position in it
  std::vector<BoundInput> numbers, categories;
  Index label = -1;
  std::unique_ptr<const TargetPlan> targets;
  std::vector<Index> target_order;          // recipe position -> target
  std::vector<std::vector<Index>> stacked;  // per set, its targets in recipe order
  std::vector<ArraySpec> arrays;
  std::vector<BoundArray> bound;  // beside `arrays`
  bool rows_are_samples = false;  // window = "row" in storage order
  std::unique_ptr<const WindowMap> windows;
  std::optional<io::Resident> resident;  // of a dataset in memory
  std::vector<Index> first_row;          // of each row group, rows_are_samples
  std::vector<Cut> cuts;                 // per sequence, only with until
  std::vector<Index> not_empty;          // drop_empty: sequences that have rows left
  Index sequences_dropped = 0;           // those that have none
  Index sequences_empty = 0;             // the same without drop_empty

  Data(Recipe r, io::Dataset d, PlanOptions o)
      : recipe(std::move(r)), dataset(std::move(d)), options(std::move(o)) {}

  Kept kept(Index sample_id) const;
  /// Rows of a sequence that the cut leaves, from the index alone.
  Index cut_length(Index sequence) const;
  /// compat = "hppl" gives the targets of the whole history, whatever the inputs keep.
  bool whole_history() const { return recipe.spec().compat == "hppl"; }
};

struct Plan::Build {
  std::vector<Index> sample_id;
  Index repeated = 0;
  std::shared_ptr<Slab> slab;
  Shape shape;
  std::vector<Index> offset;  // of every array; intervals: staging
  std::vector<std::vector<std::int32_t>> intervals;  // per set, T of every row
  std::vector<Index> first_event;                    // packed: [B + 1], of every row
};

/// Fills `entries` entries of an array with its padding: 0, or -100 for labels.
void write_padding(const ArraySpec& spec, std::byte* out, Index entries) noexcept;

/// Bytes of one row of an array when the middle axis has `middle` entries.
Index row_bytes(const ArraySpec& spec, Index middle) noexcept;
/// Bytes of an array of a batch of this shape; intervals: as they are staged.
Index array_bytes(const ArraySpec& spec, const Plan::Shape& shape) noexcept;

}  // namespace lade
