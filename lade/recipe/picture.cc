// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "lade/core/unknown_name.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/cut.h"
#include "lade/recipe/explain_targets.h"
#include "lade/recipe/picture_internal.h"
#include "lade/targets/compute.h"

namespace lade {
namespace {

constexpr std::size_t kMostPanels = 12;

std::string text_of(const io::Entity& entity) {
  if (const auto* number = std::get_if<std::int64_t>(&entity)) {
    return std::to_string(*number);
  }
  const auto* text = std::get_if<std::string>(&entity);
  return text == nullptr ? "" : *text;
}

Index sequence_of(const io::Dataset& dataset, const std::string& entity) {
  require(dataset.sequences() > 0, "picture: the dataset has no sequence");
  Index longest = 0;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    if (!entity.empty() && text_of(dataset.sequence(s).entity) == entity) return s;
    if (dataset.length(s) > dataset.length(longest)) longest = s;
  }
  require(entity.empty(), "picture: there is no '" + escape_text(entity) + "' in '" +
                              escape_text(dataset.entity()) + "'");
  return longest;
}

/// Positions in the recipe of the targets to be drawn.
std::vector<std::size_t> chosen(const RecipeSpec& spec,
                                const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const TargetText& target : spec.targets) names.push_back(target.name);
  std::vector<std::size_t> out;
  for (const std::string& name : wanted) {
    const auto found = std::find(names.begin(), names.end(), name);
    require(found != names.end(), "picture: " + unknown_name("target", name, names));
    out.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  if (wanted.empty()) {
    for (std::size_t i = 0; i < std::min(names.size(), kMostPanels); ++i)
      out.push_back(i);
  }
  return out;
}

/// "amount" of sum(amount), "events" of count(); mixes have none.
std::string unit_of(const TargetText& target) {
  const std::string& aggregate = target.aggregate;
  if (aggregate.starts_with("count")) return "events";
  if (aggregate.starts_with("days_since_last")) return "days";
  if (aggregate.starts_with("any") || aggregate.starts_with("nunique")) return "";
  return aggregated(target);
}

/// One sequence with everything that is drawn of it.
class History {
 public:
  History(const Recipe& recipe, const io::Dataset& dataset, Index s)
      : spec_(recipe.spec()),
        dataset_(dataset),
        s_(s),
        schema_(target_schema(spec_, dataset)),
        bound_(bind_targets(spec_, schema_, 0)),
        plan_(schema_, 0, bound_.targets, bound_.mixes, observed_until(spec_, dataset),
              Sharing::on, bound_.classes),
        read_(dataset.reader(schema_.names(), dataset.ledger()).sequence(s)),
        zone_(calendar_zone(spec_.sequence, schema_.fields.front().type)) {
    Index visible = read_.view.rows;
    if (!spec_.sequence.until.empty()) {
      visible = make_cuts(spec_.sequence, dataset)[static_cast<std::size_t>(s)].end;
    }
    TargetScratch scratch;
    compute_targets(plan_, read_.view, visible, scratch, values_);
  }

  PictureFacts facts(const std::vector<std::size_t>& targets) const;

 private:
  const std::int64_t* times() const {
    return read_.view.chunk->columns[0].as<std::int64_t>() + read_.view.begin;
  }
  /// Seconds of the local calendar.
  double local(std::int64_t time) const {
    const Index units = per_second(schema_.fields.front().type.unit);
    const std::int64_t second = floor_div(time, units);
    const std::int32_t offset = zone_ ? zone_->at(second).offset : 0;
    return static_cast<double>(second + offset) +
           static_cast<double>(floor_mod(time, units)) / static_cast<double>(units);
  }
  void add_events(PictureFacts& facts) const;
  PicturePanel panel(std::size_t target) const;

  const RecipeSpec& spec_;
  const io::Dataset& dataset_;
  Index s_;
  Schema schema_;
  BoundTargets bound_;
  TargetPlan plan_;
  io::DatasetReader::Sequence read_;
  std::shared_ptr<const Zone> zone_;
  SequenceTargets values_;
};

void History::add_events(PictureFacts& facts) const {
  const SequenceView& view = read_.view;
  const auto rows = static_cast<std::size_t>(view.rows);
  for (std::size_t r = 0; r < rows; ++r) facts.event_time.push_back(local(times()[r]));
  facts.event_value.assign(rows, 1.0);
  for (std::size_t i = 0; i < spec_.targets.size(); ++i) {
    const auto t = static_cast<std::size_t>(bound_.order[i]);
    if (t >= bound_.targets.size() || !bound_.targets[t].value) continue;
    EvalScratch scratch;
    std::vector<std::uint8_t> present(rows);
    compute(*bound_.targets[t].value, view.chunk->columns, view.begin, view.rows,
            scratch, facts.event_value.data(), present.data());
    for (std::size_t r = 0; r < rows; ++r) {
      if (present[r] == 0 || !std::isfinite(facts.event_value[r])) {
        facts.event_value[r] = std::numeric_limits<double>::quiet_NaN();
      }
    }
    facts.event_unit = aggregated(spec_.targets[i]);
    return;
  }
}

PicturePanel History::panel(std::size_t i) const {
  const TargetText& text = spec_.targets[i];
  const auto t = static_cast<std::size_t>(bound_.order[i]);
  const auto& sets = plan_.sets();
  std::size_t s = 0;
  while (std::find(sets[s].targets.begin(), sets[s].targets.end(), bound_.order[i]) ==
         sets[s].targets.end()) {
    ++s;
  }
  const Boundary& boundary = sets[s].boundary;
  const SequenceTargets::Set& intervals = values_.sets[s];
  PicturePanel out;
  out.title = escape_text(text.name);
  out.unit = escape_text(unit_of(text));
  out.detail = escape_text("every " + sets[s].name + ": " + one_line(text));
  out.whole = boundary.every == Every::sequence;
  for (std::size_t k = 0; k < intervals.ends.size(); ++k) {
    const std::int64_t last = times()[intervals.ends[k]];
    const std::int64_t first = k == 0 ? times()[0] : times()[intervals.ends[k - 1] + 1];
    std::int64_t at = last;
    if (out.whole) {
      at = first;
    } else if (boundary.every != Every::event) {
      at = interval_edges(boundary, intervals.keys[k], first, last).end;
    }
    out.time.push_back(local(at));
    const std::size_t numbers = values_.value.size() - bound_.classes.size();
    out.value.push_back(t < numbers
                            ? static_cast<double>(values_.value[t][k])
                            : static_cast<double>(values_.label[t - numbers][k]));
    out.valid.push_back(values_.valid[t][k]);
  }
  return out;
}

PictureFacts History::facts(const std::vector<std::size_t>& targets) const {
  PictureFacts facts;
  add_events(facts);
  for (const std::size_t target : targets) {
    if (bound_.order[target] < plan_.size()) facts.panels.push_back(panel(target));
  }
  const Index rows = read_.view.rows;
  facts.title =
      escape_text(dataset_.entity() + " " + text_of(dataset_.sequence(s_).entity));
  if (rows == 0) {
    facts.detail = "no events";
    return facts;
  }
  facts.begin = facts.event_time.front();
  facts.end = facts.event_time.back();
  facts.detail =
      fmt::format("{} events, {} to {}{}", plain_number(static_cast<double>(rows)),
                  plain_time(facts.begin), plain_time(facts.end),
                  zone_ ? " (" + escape_text(zone_->name()) + ")" : "");
  for (const PicturePanel& one : facts.panels) {
    if (!one.time.empty()) facts.end = std::max(facts.end, one.time.back());
  }
  const double margin = std::max(1.0, (facts.end - facts.begin) * 0.02);
  facts.begin -= margin / 2;
  facts.end += margin;
  return facts;
}

}  // namespace

std::string picture(const Recipe& recipe, const io::Dataset& dataset,
                    const PictureOptions& options) {
  const RecipeSpec& spec = recipe.spec();
  require(!spec.targets.empty(), "picture: the recipe has no [[target]]");
  const std::vector<std::size_t> targets = chosen(spec, options.targets);
  const History history(recipe, dataset, sequence_of(dataset, options.of));
  const PictureFacts facts = history.facts(targets);
  const std::string svg = draw(facts);
  if (!options.html) return svg;
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\"><title>Lade: one history"
         "</title>\n<style>body{margin:0}svg{display:block;margin:auto;max-width:100%;"
         "height:auto}</style></head>\n<body>\n" +
         svg + "</body></html>\n";
}

}  // namespace lade
