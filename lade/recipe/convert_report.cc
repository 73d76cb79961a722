// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert_report.h"

#include <fmt/format.h>

namespace lade {

std::string report_json(const ReadReport& report) {
  std::string dropped;
  for (int i = 0; i < kDropReasons; ++i) {
    if (report.dropped[i] == 0) continue;
    dropped += fmt::format(R"({}"{}":{})", dropped.empty() ? "" : ",",
                           name(static_cast<DropReason>(i)), report.dropped[i]);
  }
  return fmt::format(
      R"({{"rows_seen":{},"rows_given":{},"rows_filtered":{},"dropped":{{{}}},)"
      R"("rows_out_of_order":{},"nulls_made":{},"unproven_end":{}}})",
      report.rows_seen, report.rows_given, report.rows_filtered, dropped,
      report.rows_out_of_order, report.nulls_made, report.unproven_end);
}

}  // namespace lade
