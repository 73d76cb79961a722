// SPDX-License-Identifier: Apache-2.0
// The fields of one column of a block as a typed column.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/io/csv_types.h"

namespace lade::io {

/// Why a value is no good; the first rule that it breaks.
enum class CsvRule : std::uint8_t { type, date, utf8, null_key };

struct CsvBadValue {
  Index row = 0;  // among the rows that fit
  CsvRule rule = CsvRule::type;
};

/// A column of a block and what keeps it alive. Bad values are null in it.
struct CsvValues {
  Column column;
  std::vector<std::shared_ptr<const void>> owners;
  Index bytes = 0;
  Index valid = 0;               // values that are neither null nor bad; not of text
  std::vector<CsvBadValue> bad;  // ascending in row
};

CsvValues convert_values(std::string_view text, const CsvRows& rows, Index c,
                         const CsvColumn& column, CsvDialect dialect,
                         const CsvNulls& nulls);

/// The rows where keep[r] is not 0, in order.
CsvValues keep_values(const CsvValues& values, const std::vector<std::uint8_t>& keep,
                      Index kept);

/// "csv.value", "csv.date", "csv.utf8", "csv.null_key".
std::string_view rule_id(CsvRule rule);

}  // namespace lade::io
