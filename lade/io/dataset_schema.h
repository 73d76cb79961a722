// SPDX-License-Identifier: Apache-2.0
// One schema for many files, and what it takes to see a file through it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/io/unsupported.h"

namespace lade::io {

/// A file's columns and the `key=value` parts of its path.
struct FileColumns {
  std::string path;
  Schema schema;
  std::vector<std::pair<std::string, std::string>> parts;
  std::vector<UnsupportedColumn> unsupported = {};
};

/// The schema of all files: the columns of the first in its order, then those that only
/// later files have (`union`), then the parts (i64 if every value is a whole number,
/// else text).
///
/// `mode`: exact | promote (exact widening only) | union (widening, absent columns
/// null). Errors: ArgumentError for another mode; DataError `dataset.schema` naming
/// both files,
///         the column and its types; `dataset.parts` if a part is a column as well.
Schema merge_schemas(std::span<const FileColumns> files, std::string_view mode);

/// The columns that no file lets be read, in the order of first sight. What `exact` and
/// `promote` ask of columns holds for them: the same names and types in every file.
/// Errors: DataError `dataset.schema`.
std::vector<UnsupportedColumn> merge_unsupported(std::span<const FileColumns> files,
                                                 std::string_view mode);

/// The narrowest type that holds every value of both exactly, if there is one: integers
/// and floats only; other types must be equal.
std::optional<ColumnType> common_type(const ColumnType& a, const ColumnType& b);

/// The column with its values as `type`, which common_type allows. Same if it is that.
/// `owner` receives the memory of new values.
Column widen_column(const Column& column, const ColumnType& type, Index rows,
                    std::shared_ptr<const void>& owner);

/// A column of nulls; a column of one value (of a path's part; "" type by `type`).
Column null_column(const ColumnType& type, Index rows,
                   std::shared_ptr<const void>& owner);
Column constant_column(const ColumnType& type, const std::string& value, Index rows,
                       std::shared_ptr<const void>& owner);

/// The directory name that stands for null.
inline constexpr std::string_view kNullPart = "__HIVE_DEFAULT_PARTITION__";

}  // namespace lade::io
