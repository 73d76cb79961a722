// SPDX-License-Identifier: Apache-2.0
// What a TargetPlan holds: each thing that several targets share stands here once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lade/targets/compute.h"

namespace lade {

/// Cut of a sequence that is needed: of a set, of a `within`, or the days below longer
/// units.
struct Grid {
  Boundary boundary;
  Index days = -1;  // grid of the days it is grouped from
};

/// How windows are made of elements.
enum class Method : std::uint8_t {
  slide,       // elements [low, high), both ascending
  from_begin,  // elements [0, high)
  within       // rows since the begin of the row's interval in grid `elements`
};

/// Windows that several targets share: for each interval of `grid` the elements it
/// reads.
struct Windows {
  Index grid = 0;       // one window per interval of it
  Index elements = -1;  // grid whose intervals are the elements; -1: rows
  Method method = Method::slide;
  LookWindow look;
  Warmup warmup = Warmup::partial;
  bool read_ranges = false;  // by an aggregate that is made from rows
  bool ahead() const { return look.direction == LookWindow::Direction::ahead; }
};

/// Work of one distinct target.
struct Job {
  Index target = 0;
  Index windows = 0;
  std::vector<Index> copies;  // equal targets
};

/// Rows selected by `where`, values of `value`: partials are shared inside a pair.
struct Pair {
  Index where = -1;        // position in `wheres`, -1: all rows
  Index value = -1;        // position in `values`, -1: no value
  HpplFilter filter = {};  // of `where`, with compat = "hppl"
  std::vector<Job> jobs;
};

struct TargetPlan::Data {
  Index time = 0;
  TimeUnit unit = TimeUnit::us;
  std::int64_t observed_until = 0;
  std::vector<TargetSpec> targets;
  std::vector<MixSpec> mixes;
  std::vector<ClassSpec> classes;
  Compat compat = Compat::none;  // of all targets

  std::vector<Set> sets;
  std::vector<Index> set_grid;  // per set
  std::vector<Index> set_of;    // per target and mix
  std::vector<Grid> grids;      // days before what is grouped from them
  std::vector<Windows> windows;
  std::vector<Program> wheres, values;
  std::vector<bool> keep_mask;  // per where: another value needs it again
  std::vector<Pair> pairs;      // pairs of one value stand together
  std::vector<bool> exact;      // per target and mix: its f64 values are read
  std::vector<Index> columns;
  bool any_ahead = false;
  Index partials = 0;  // (pair, unit, kind of partial)
};

}  // namespace lade
