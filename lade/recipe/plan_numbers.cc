// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/plan_numbers.h"

#include <algorithm>
#include <string>

#include "lade/core/rows.h"
#include "lade/core/saturate.h"

namespace lade {
namespace {

/// What a tile writes stays in the first-level cache. Its rows fill whole cache lines,
/// of the columns that are read and of the array.
constexpr Index kTileBytes = 8 << 10;
constexpr Index kLineFloats = 16;

bool is_whole(DType type) noexcept {
  return type != DType::f16 && type != DType::bf16 && type != DType::f32;
}

/// Integers have no NaN: it becomes the input's `fill`, as a null does.
Index fill_nans(const InputSpec& input, Index rows, float* values) noexcept {
  Index filled = 0;
  for (Index r = 0; r < rows; ++r) {
    if (values[r] == values[r]) continue;
    values[r] = input.numeric.fill;
    ++filled;
  }
  return filled;
}

}  // namespace

InputSpec::Overflow loader_rule(DType type) noexcept {
  return is_whole(type) ? InputSpec::Overflow::fail : InputSpec::Overflow::inf;
}

void convert_or_throw(const float* values, Index count, const ArraySpec& spec,
                      const std::string& column, Index sample_id,
                      InputSpec::Overflow overflow, std::byte* out, Index stride,
                      BuildCounts& counts) {
  ConvertCounts met;
  convert(values, count, spec.type, out, stride, met);
  counts.overflow += met.overflow;
  if (met.overflow == 0) return;
  if (overflow == InputSpec::Overflow::saturate) {
    saturate(values, count, spec.type, out, stride);
  }
  if (overflow == InputSpec::Overflow::fail) {
    const std::string value = std::to_string(values[met.first_overflow]);
    throw DataError({.source = "array " + spec.name,
                     .row = sample_id,
                     .column = column,
                     .rule = "convert.overflow",
                     .value = value},
                    "value " + value + " does not fit " + std::string(name(spec.type)));
  }
}

NumberRows::NumberRows(const std::vector<BoundInput>& inputs, const ArraySpec& spec,
                       const BoundArray& bound, NumberScratch& scratch,
                       BuildCounts& counts)
    : inputs_(inputs), spec_(spec), bound_(bound), scratch_(scratch), counts_(counts) {
  const auto columns = static_cast<Index>(inputs.size());
  const Index lines =
      kTileBytes / (columns * kLineFloats * static_cast<Index>(sizeof(float)));
  tile_ = std::max<Index>(lines, 1) * kLineFloats;
  scratch.columns.resize(inputs.size());
  scratch.values.resize(static_cast<std::size_t>(columns * tile_));
  const Index bytes = columns * tile_ * static_cast<Index>(sizeof(float));
  if (scratch.rows_bytes < bytes) {
    scratch.rows.reset(static_cast<std::byte*>(
        ::operator new(static_cast<std::size_t>(bytes), std::align_val_t{64})));
    scratch.rows_bytes = bytes;
  }
}

void NumberRows::write(const Chunk& chunk, Index begin, Index rows, Index sample_id,
                       bool past_caches, std::byte* out) {
  const Index entry = spec_.inner * width(spec_.type);
  for (Index at = 0; at < rows; at += tile_) {
    const Index count = std::min(tile_, rows - at);
    take_columns(chunk, begin + at, count, rows - at - count);
    store(count, sample_id, past_caches, out + at * entry);
  }
}

/// Points at the values of a tile, converted where they are not used as stored, and
/// asks for those of the next one: so many columns at once are more than the processor
/// follows by itself.
void NumberRows::take_columns(const Chunk& chunk, Index begin, Index rows, Index left) {
  const Index ahead = std::min(left, tile_);
  for (std::size_t f = 0; f < inputs_.size(); ++f) {
    const Column& from = column(chunk, f);
    const NumericInput& input = inputs_[f].spec->numeric;
    const Index bytes = width(from.kind);
    prefetch(static_cast<const std::byte*>(from.values) + (begin + rows) * bytes,
             ahead * bytes);
    if (spec_.type == DType::f32 && is_as_stored(input, from)) {
      scratch_.columns[f] = from.as<float>() + begin;
      continue;
    }
    float* const values = scratch_.values.data() + static_cast<Index>(f) * tile_;
    counts_.nulls_filled += numeric(input, from, begin, rows, values, 1);
    scratch_.columns[f] = values;
  }
}

void NumberRows::store(Index rows, Index sample_id, bool past_caches, std::byte* out) {
  if (spec_.type == DType::f32) {
    std::byte* const to = past_caches ? scratch_.rows.get() : out;
    interleave(scratch_.columns, rows, reinterpret_cast<float*>(to));
    if (past_caches)
      stream(to, out, rows * spec_.inner * static_cast<Index>(sizeof(float)));
    return;
  }
  for (std::size_t f = 0; f < inputs_.size(); ++f) {
    const InputSpec& input = *inputs_[f].spec;
    float* const values = scratch_.values.data() + static_cast<Index>(f) * tile_;
    if (is_whole(spec_.type)) counts_.nulls_filled += fill_nans(input, rows, values);
    convert_or_throw(values, rows, spec_, input.name, sample_id,
                     bound_.typed_by_inputs ? input.overflow : loader_rule(spec_.type),
                     out + static_cast<Index>(f) * width(spec_.type), spec_.inner,
                     counts_);
  }
}

}  // namespace lade
