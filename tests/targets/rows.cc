// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

#include "lade/recipe/aggregate_text.h"

namespace lade::testing {

Chunk Rows::chunk() const {
  Chunk chunk;
  chunk.rows = size();
  Column times{Kind::time, TimeUnit::us, time.data(), nullptr, nullptr};
  Column amounts{Kind::f64, TimeUnit::us, amount.data(),
                 amount_validity.empty() ? nullptr : amount_validity.data(), nullptr};
  Column codes{Kind::i32, TimeUnit::us, mcc.data(), nullptr, nullptr};
  chunk.columns = {times, amounts, codes};
  return chunk;
}

const Schema& rows_schema() {
  static const Schema schema{{{"time", {.kind = Kind::time, .zone = ""}},
                              {"amount", {.kind = Kind::f64, .zone = ""}},
                              {"mcc", {.kind = Kind::i32, .zone = ""}}}};
  return schema;
}

Rows example_rows() {
  const auto at = [](int month, int day, int hour, int minute) {
    return to_day({2024, month, day}) * kDayUs + hour * kHourUs + minute * kHourUs / 60;
  };
  return {{at(3, 1, 9, 0), at(3, 1, 18, 30), at(3, 2, 10, 0), at(3, 4, 8, 0),
           at(3, 4, 8, 0), at(3, 10, 23, 59), at(3, 11, 0, 0), at(4, 1, 12, 0)},
          {10, 25.5, 4, 100, 7.25, 3, 50, 20},
          {5411, 5812, 5411, 4829, 5411, 5499, 5411, 5812},
          {}};
}

TargetSpec target(const std::string& name, const std::string& aggregate,
                  const std::string& where, Every unit, LookWindow window) {
  TargetSpec spec;
  spec.name = name;
  const AggregateText text = parse_aggregate(aggregate, {});
  spec.aggregate = text.kind;
  spec.quantile = text.quantile;
  spec.ddof = text.ddof;
  if (!text.value.empty()) spec.value = compile(text.value, rows_schema(), {});
  if (!where.empty()) spec.where = compile(where, rows_schema(), {});
  spec.boundary = every(unit);
  spec.window = std::move(window);
  return spec;
}

MixSpec mix(const std::string& name, const std::string& expression,
            const std::vector<std::string>& names) {
  Schema schema;
  for (const auto& input : names)
    schema.fields.push_back({input, {.kind = Kind::f64, .zone = ""}});
  ExpressionOptions options;
  options.mix = true;
  return {name, compile(expression, schema, options), 0.0F};
}

Boundary every(Every unit, std::shared_ptr<const Zone> zone) {
  return {unit, 6 * kHourUs, 1, std::move(zone), TimeUnit::us};
}

LookWindow back(std::int64_t length, std::int64_t lag) {
  return {.length = length, .lag = lag};
}
LookWindow present(std::int64_t length, std::int64_t lag) {
  return {.by = LookWindow::By::present, .length = length, .lag = lag};
}
LookWindow back_duration(std::int64_t length, std::int64_t lag) {
  return {.by = LookWindow::By::duration, .length = length, .lag = lag};
}
LookWindow back_all(std::int64_t lag) {
  return {.by = LookWindow::By::all, .lag = lag};
}
LookWindow ahead(std::int64_t length, std::int64_t lag) {
  return {.direction = LookWindow::Direction::ahead, .length = length, .lag = lag};
}
LookWindow ahead_duration(std::int64_t length, std::int64_t lag) {
  return {.direction = LookWindow::Direction::ahead,
          .by = LookWindow::By::duration,
          .length = length,
          .lag = lag};
}
LookWindow within(Every unit, std::int64_t lag) {
  return {.lag = lag, .within = every(unit)};
}

std::int64_t observed(const Rows& rows) {
  return rows.time.empty() ? 0 : rows.time.back() + 1;
}

SequenceTargets run(const TargetPlan& plan, const Rows& rows, Index visible) {
  const Chunk chunk = rows.chunk();
  const SequenceView view{0, &chunk, 0, rows.size()};
  TargetScratch scratch;
  SequenceTargets out;
  compute_targets(plan, view, visible < 0 ? rows.size() : visible, scratch, out);
  return out;
}

}  // namespace lade::testing
