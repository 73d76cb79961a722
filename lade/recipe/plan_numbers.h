// SPDX-License-Identifier: Apache-2.0
// The numeric inputs of a window: columns become the rows of one array.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "lade/recipe/plan_internal.h"

namespace lade {

/// Bytes on the boundary of a cache line.
struct LineDelete {
  void operator()(std::byte* bytes) const noexcept {
    ::operator delete(bytes, std::align_val_t{64});
  }
};

/// Buffers of one thread, grown once.
struct NumberScratch {
  std::vector<float> values;  // of the columns that are converted, a tile each
  std::vector<const float*> columns;
  std::unique_ptr<std::byte[], LineDelete> rows;  // a tile of the array
  Index rows_bytes = 0;
};

/// Converts `count` values to the type of an array, `stride` entries apart. What does
/// not fit is done as `overflow` says; `column` and `sample_id` name it.
/// Errors: DataError `convert.overflow`
void convert_or_throw(const float* values, Index count, const ArraySpec& spec,
                      const std::string& column, Index sample_id,
                      InputSpec::Overflow overflow, std::byte* out, Index stride,
                      BuildCounts& counts);

/// What happens to numbers that an array typed by the loader cannot hold.
InputSpec::Overflow loader_rule(DType type) noexcept;

/// Writes the windows of one batch into its array of numbers.
class NumberRows {
 public:
  NumberRows(const std::vector<BoundInput>& inputs, const ArraySpec& spec,
             const BoundArray& bound, NumberScratch& scratch, BuildCounts& counts);

  /// Rows that are turned at a time.
  Index tile() const { return tile_; }

  /// Rows [begin, begin + rows) of a chunk to `out` [rows, inputs].
  /// `past_caches`: the array is larger than they are.
  /// Errors: DataError `convert.overflow`
  void write(const Chunk& chunk, Index begin, Index rows, Index sample_id,
             bool past_caches, std::byte* out);

 private:
  const Column& column(const Chunk& chunk, std::size_t f) const {
    return chunk.columns[static_cast<std::size_t>(inputs_[f].column)];
  }
  void take_columns(const Chunk& chunk, Index begin, Index rows, Index left);
  void store(Index rows, Index sample_id, bool past_caches, std::byte* out);

  const std::vector<BoundInput>& inputs_;
  const ArraySpec& spec_;
  const BoundArray& bound_;
  NumberScratch& scratch_;
  BuildCounts& counts_;
  Index tile_;
};

}  // namespace lade
