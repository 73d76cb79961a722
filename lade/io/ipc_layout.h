// SPDX-License-Identifier: Apache-2.0
// Where the messages of an Arrow IPC file lie, read and checked by ourselves before
// Arrow's decoder sees a byte. Flatbuffers are walked with bounds, nothing is allocated
// by a claim.
//   "ARROW1\0\0" messages ... footer (flatbuffer), its length (4 bytes), "ARROW1"
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/io/file.h"

namespace lade::io {

/// A message: its metadata (prefix included) and body are inside the file.
struct IpcBlock {
  Index offset = 0;
  Index metadata_bytes = 0;
  Index body_bytes = 0;
  Index rows = 0;
};

struct IpcLayout {
  Index footer_offset = 0;
  std::string footer;             // extension names made inert: what Arrow gets
  std::uint64_t footer_xxh3 = 0;  // of the footer as stored
  std::vector<IpcBlock> batches;
  Index rows = 0;
};

/// Errors: DataError `ipc.magic`, `ipc.footer_length`, `ipc.footer`,
/// `ipc.metadata_length`,
///         `ipc.body_length`, `limits.max_metadata_bytes`, `limits.max_row_groups`,
///         `limits.max_block_bytes`.
IpcLayout read_ipc_layout(const File& file, const Limits& limits);

/// The schema message at the head of a stream, extension names made inert; "" if the
/// file is empty.  Errors: DataError `ipc.cut`, `ipc.metadata_length`,
/// `limits.max_metadata_bytes`.
std::string read_stream_head(const File& file, const Limits& limits);

}  // namespace lade::io
