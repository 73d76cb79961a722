// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/fit_classes.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/error.h"
#include "lade/core/memory.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/cut.h"
#include "lade/targets/compute.h"
#include "lade/targets/order_statistics.h"

namespace lade {
namespace {

/// Quantiles j / K of sorted values, by linear interpolation.
std::vector<double> quantiles(const std::vector<double>& sorted, Index parts) {
  std::vector<double> result;
  const auto last = static_cast<double>(sorted.size() - 1);
  for (Index j = 1; j < parts; ++j) {
    const double at = last * static_cast<double>(j) / static_cast<double>(parts);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, sorted.size() - 1);
    result.push_back(between(sorted[low], sorted[high], at - static_cast<double>(low)));
  }
  return result;
}

/// Values of the targets that a recipe's classes are of.
class Values {
 public:
  Values(const RecipeSpec& recipe, const io::Dataset& dataset) : dataset_(dataset) {
    const Index time = dataset.schema().find(dataset.time());
    require(time >= 0, "fit: targets need a time column; give [sequence] time");
    schema_ = target_columns(recipe, dataset.schema(), time);
    BoundTargets bound = bind_targets(recipe, schema_, 0);
    for (const ClassSpec& of_class : bound.classes) of_.push_back(of_class.of);
    plan_ = std::make_unique<const TargetPlan>(
        schema_, 0, std::move(bound.targets), std::move(bound.mixes),
        observed_until(recipe, dataset), Sharing::on, std::move(bound.classes));
    if (!recipe.sequence.until.empty()) cuts_ = make_cuts(recipe.sequence, dataset);
  }

  /// Valid values of the class's target, sorted.
  std::vector<double> collect(std::size_t of_class, std::span<const Index> sequences,
                              const std::function<void()>& poll) {
    const Index target = of_[of_class];
    const auto reader = dataset_.reader(schema_.names(), dataset_.ledger());
    std::vector<double> values;
    reservation_ = {};
    const Index count =
        sequences.empty() ? dataset_.sequences() : static_cast<Index>(sequences.size());
    for (Index i = 0; i < count; ++i) {
      if (poll) poll();
      const Index s = sequences.empty() ? i : sequences[static_cast<std::size_t>(i)];
      const io::DatasetReader::Sequence sequence = reader.sequence(s);
      const Index rows =
          cuts_.empty() ? sequence.view.rows : cuts_[static_cast<std::size_t>(s)].end;
      compute_targets(*plan_, sequence.view, rows, scratch_, targets_);
      const auto& valid = targets_.valid[static_cast<std::size_t>(target)];
      const double* exact = scratch_.unrounded(target);
      reserve(values, valid.size());
      for (std::size_t k = 0; k < valid.size(); ++k) {
        if (valid[k] != 0) values.push_back(exact[k]);
      }
    }
    std::sort(values.begin(), values.end());
    return values;
  }

 private:
  /// Room for more values, taken from the ledger before it is used.
  void reserve(std::vector<double>& values, std::size_t more) {
    if (values.size() + more <= values.capacity()) return;
    const std::size_t room =
        std::max(values.size() + more, 2 * values.capacity() + 1024);
    reservation_ = Reservation(dataset_.ledger(), Account::decode,
                               static_cast<Index>(room * sizeof(double)),
                               "fit: the values of classes");
    values.reserve(room);
  }

  const io::Dataset& dataset_;
  Schema schema_;
  std::vector<Index> of_;
  std::unique_ptr<const TargetPlan> plan_;
  std::vector<Cut> cuts_;
  TargetScratch scratch_{dataset_.ledger()};
  SequenceTargets targets_;
  Reservation reservation_;
};

[[noreturn]] void fail(const TargetText& text, const std::string& what) {
  Place place;
  place.rule = "classes.quantiles";
  place.value = std::to_string(text.quantiles);
  throw DataError(place, "classes \"" + escape_text(text.name) + "\": " + what);
}

}  // namespace

void fit_classes(RecipeSpec& spec, const io::Dataset& dataset,
                 std::span<const Index> sequences, const std::function<void()>& poll) {
  const auto unfitted = [](const TargetText& text) { return text.quantiles > 0; };
  if (std::none_of(spec.targets.begin(), spec.targets.end(), unfitted)) return;
  RecipeSpec any = spec;  // its thresholds stand for those to be found
  for (TargetText& text : any.targets) {
    if (text.quantiles > 0) text.thresholds = {0.0};
  }
  Values all(any, dataset);
  std::size_t of_class = 0;
  for (TargetText& text : spec.targets) {
    if (!text.is_class()) continue;
    const std::size_t here = of_class++;
    if (text.quantiles == 0) continue;
    const std::vector<double> values = all.collect(here, sequences, poll);
    if (static_cast<Index>(values.size()) < text.quantiles) {
      fail(text, "quantiles must be <= the number of valid values, " +
                     std::to_string(values.size()) + ", got " +
                     std::to_string(text.quantiles));
    }
    if (values.front() == values.back()) fail(text, "all values are equal");
    text.thresholds = quantiles(values, text.quantiles);
  }
}

}  // namespace lade
