// SPDX-License-Identifier: Apache-2.0
// Where the columns of an uncompressed Arrow IPC file lie, found without Arrow, so that
// single values can be read with pread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "lade/core/matrix.h"

namespace lade::io {

/// A buffer of a record batch; offset in the file.
struct BufferPlace {
  Index offset = 0;
  Index bytes = 0;
};

struct BatchLayout {
  Index rows = 0;
  std::vector<BufferPlace> buffers;  // in the order of the schema
};

struct ColumnLayout {
  std::vector<BatchLayout> batches;
  std::map<std::string, std::string> metadata;  // of the schema
};

/// Reads the layout of a file of `bytes` bytes through `read(offset, out)`.
///
/// Errors: DataError `index.layout` if anything points outside the file, is compressed
/// or
///         has dictionaries.
/// Source: Arrow columnar format, "IPC File Format"; FlatBuffers internals.
ColumnLayout read_column_layout(
    const std::string& source, Index bytes,
    const std::function<void(Index, std::span<std::byte>)>& read);

}  // namespace lade::io
