// SPDX-License-Identifier: Apache-2.0
// Where the messages of an Arrow IPC file lie, read and checked by ourselves before
// Arrow's decoder sees a byte. Flatbuffers are walked with bounds, nothing is allocated
// by a claim.
//   "ARROW1\0\0" messages ... footer (flatbuffer), its length (4 bytes), "ARROW1"
// A stream is the messages alone: for Arrow's reader of files it gets a head and, for
// every batch, a footer of our own, which names the dictionaries that hold there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

/// A dictionary of a stream: what holds for later batches until it is replaced.
struct IpcDictionary {
  IpcBlock block;
  std::int64_t id = 0;
  bool delta = false;  // adds to the one before
  Index batches = 0;   // that come before it
};

struct IpcLayout {
  Index footer_offset = 0;
  std::string footer;             // extension names made inert: what Arrow gets
  std::uint64_t footer_xxh3 = 0;  // of the footer as stored
  std::vector<IpcBlock> batches;
  Index rows = 0;
  // Of a stream:
  bool stream = false;
  std::string schema;  // flatbuffer of its first message, extension names made inert
  std::size_t schema_at = 0;  // where its table begins in them
  std::int16_t version = 0;   // MetadataVersion of that message
  std::vector<IpcDictionary> dictionaries;
  Index end = 0;              // of the last whole message
  bool unproven_end = false;  // it ends without its marker
  std::optional<Place> cut;   // of the message that is not whole, if that is allowed
};

/// Of a file or a stream.
/// Errors: DataError `ipc.magic`, `ipc.footer_length`, `ipc.footer`,
/// `ipc.metadata_length`,
///         `ipc.body_length`, `limits.max_metadata_bytes`, `limits.max_row_groups`,
///         `limits.max_block_bytes`; of streams `ipc.cut`, `ipc.schema`,
///         `ipc.message`, `ipc.trailing`, `ipc.unproven_end`.
IpcLayout read_ipc_layout(const File& file, const Limits& limits,
                          OnTruncated on_truncated = OnTruncated::fail);

/// True if the bytes begin with a schema message.
bool is_ipc_stream(const File& file);

/// Walks the messages of a stream; no body is read.
IpcLayout read_stream_layout(const File& file, const Limits& limits,
                             OnTruncated on_truncated);

/// What makes bytes [0, layout.end) of a stream a file behind a head of 8 bytes: a
/// footer with batch b and its dictionaries, its length, the magic. b = -1: none.
std::string stream_tail(const IpcLayout& layout, Index b);
inline constexpr std::string_view kIpcHead{"ARROW1\0\0", 8};

}  // namespace lade::io
