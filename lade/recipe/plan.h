// SPDX-License-Identifier: Apache-2.0
// A recipe bound to a dataset: which columns are read, which arrays come out, and how the
// rows of a batch are built. Immutable and shared by all threads.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lade/core/memory.h"
#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"
#include "lade/sampling/windows.h"
#include "lade/targets/compute.h"

namespace lade {

enum class DType : std::uint8_t { boolean, u8, i8, i16, i32, i64, f16, bf16, f32 };
Index width(DType type) noexcept;
std::string_view name(DType type);
DType parse_dtype(std::string_view word);    // "f32", "float32", "i64", ...

/// One array of a batch. Shape [B], [B, S, inner], [B, T of a set] ... ; row-major.
struct ArraySpec {
  std::string name;                          // "numerical", "targets/spent_7d", "target_mask/day"
  DType type = DType::f32;
  enum class Middle : std::uint8_t { none, events, intervals } middle = Middle::none;
  Index set = 0;                             // boundary set of `intervals`
  Index inner = 0;                           // 0 = no last axis
};

struct PlanOptions {
  std::vector<std::pair<std::string, std::string>> dtypes;   // array -> type
  Index max_length = -1;                     // replaces the recipe's
  std::string pad_to = "longest";            // longest | max_length | "64,128,256"
  Index pad_multiple = 1;
};

/// Scratch of one worker.
class BuildScratch {
 public:
  BuildScratch();
  ~BuildScratch();
  BuildScratch(BuildScratch&&) noexcept;
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Counts that building adds up: nulls filled, unknown categories, conversion overflow ...
struct BuildCounts {
  Index samples = 0, events = 0, nulls_filled = 0, unknown = 0, overflow = 0;
  TargetCounts targets;
  void add(const BuildCounts& other);
};

class Plan {
 public:
  /// Errors: ArgumentError "recipe is not fitted" naming the inputs; unknown columns with the
  ///         nearest name; target rules of transactions.md 4.
  Plan(const Recipe& recipe, const io::Dataset& dataset, PlanOptions options = {});

  const std::vector<std::string>& columns() const;   // to be read, in reader order
  const std::vector<ArraySpec>& arrays() const;
  const WindowMap& windows() const;
  Index samples() const;
  Hash128 hash() const;                      // of what it produces: recipe and options
  const TargetPlan* targets() const;         // nullptr without targets
  std::string describe() const;

  /// Shape of a batch, from the index alone: kept length of each sample, padded S.
  struct Shape {
    std::vector<Index> length;               // kept events per row
    Index padded = 1;                        // S
    Index bytes_bound = 0;                   // slab bytes that always suffice
  };
  Shape shape(std::span<const Index> sample_id) const;

  /// A batch being built in a slab. Rows are filled by `build_rows` from several threads
  /// (disjoint ranges), then `finish` by one.
  class Build;
  std::shared_ptr<Build> begin(std::span<const Index> sample_id, Index padded_rows,
                               std::shared_ptr<Slab> slab, const Shape& shape) const;
  /// Reads rows [begin, end) through `reader` and writes them. Any thread.
  void build_rows(Build& build, Index begin, Index end, const io::DatasetReader& reader,
                  BuildScratch& scratch, BuildCounts& counts) const;

  /// Where an array came to lie: offset in the slab and shape.
  struct Placed {
    const ArraySpec* spec;
    Index offset;
    std::vector<Index> shape;
  };
  std::vector<Placed> finish(Build& build) const;

  struct Data;

 private:
  std::shared_ptr<const Data> data_;
};

}  // namespace lade
