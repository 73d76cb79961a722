// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc_layout.h"

#include <optional>
#include <span>

#include "lade/core/hash.h"
#include "lade/io/flat_table.h"
#include "lade/io/ipc_message.h"
#include "lade/io/parquet_footer.h"

namespace lade::io {

void refuse_message(const File& file, Index offset, const std::string& rule,
                    const std::string& what) {
  throw DataError({.source = file.path(), .offset = offset, .rule = rule}, what);
}

std::string read_text(const File& file, Index offset, Index bytes) {
  std::string text(static_cast<std::size_t>(bytes), '\0');
  file.read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

namespace {

constexpr std::string_view kMagic = "ARROW1";
constexpr Index kTailBytes = 4 + 6;      // footer length and magic
constexpr std::size_t kBlockBytes = 24;  // i64 offset, i32 metadata, i64 body

/// Rows of a record batch message.
Index rows_of(const File& file, const IpcBlock& block) {
  const std::string text = read_text(file, block.offset, block.metadata_bytes);
  const auto first = FlatTable::number<std::uint32_t>(text, 0);
  const std::size_t prefix = first && *first == kContinuation ? 8 : 4;
  const auto length = FlatTable::number<std::int32_t>(text, prefix - 4);
  if (!length || *length < 0 ||
      static_cast<std::size_t>(*length) > text.size() - prefix) {
    refuse_message(file, block.offset, "ipc.metadata_length",
                   "a message's metadata must be inside its block");
  }
  const auto message = FlatTable::root(std::string_view(text).substr(prefix));
  constexpr std::uint8_t kRecordBatch = 3;
  const auto kind = message ? message->scalar<std::uint8_t>(1) : std::nullopt;
  const auto batch = kind == kRecordBatch ? message->table(2) : std::nullopt;
  if (!batch)
    refuse_message(file, block.offset, "ipc.footer", "a block must be a record batch");
  // Arrow's reader of chosen columns takes this claim for the size of an allocation.
  if (const Index body = message->scalar<std::int64_t>(3).value_or(0);
      body < 0 || body > block.body_bytes) {
    refuse_message(file, block.offset, "ipc.body_length",
                   "a body of " + std::to_string(body) + " bytes in a block of " +
                       std::to_string(block.body_bytes));
  }
  const Index rows = batch->scalar<std::int64_t>(0).value_or(0);
  if (rows < 0) {
    refuse_message(file, block.offset, "ipc.rows",
                   "rows must be >= 0, got " + std::to_string(rows));
  }
  return rows;
}

IpcBlock block_at(const File& file, std::string_view bytes, Index end,
                  const Limits& limits) {
  const auto offset = FlatTable::word<std::int64_t>(bytes, 0);
  const auto metadata = FlatTable::word<std::int32_t>(bytes, 8);
  const auto body = FlatTable::word<std::int64_t>(bytes, 16);
  if (offset < 8 || offset > end || metadata < 8 || metadata > end - offset) {
    refuse_message(file, std::max<Index>(offset, 0), "ipc.metadata_length",
                   "a message must lie between head and footer");
  }
  if (body < 0 || body > end - offset - metadata) {
    refuse_message(
        file, offset, "ipc.body_length",
        "a body of " + std::to_string(body) + " bytes is not inside the file");
  }
  if (metadata > limits.max_metadata_bytes) {
    refuse_message(file, offset, "limits.max_metadata_bytes",
                   "max_metadata_bytes is " +
                       std::to_string(limits.max_metadata_bytes) + ", got " +
                       std::to_string(metadata));
  }
  if (body > limits.max_block_bytes) {
    refuse_message(file, offset, "limits.max_block_bytes",
                   "max_block_bytes is " + std::to_string(limits.max_block_bytes) +
                       ", got " + std::to_string(body));
  }
  return {offset, metadata, body, 0};
}

void make_inert(std::string& text) {
  make_extensions_inert(std::as_writable_bytes(std::span(text)));
}

}  // namespace

IpcLayout read_ipc_layout(const File& file, const Limits& limits,
                          OnTruncated on_truncated) {
  const Index bytes = file.bytes();
  if (is_ipc_stream(file)) return read_stream_layout(file, limits, on_truncated);
  if (bytes < 8 + kTailBytes || read_text(file, 0, 6) != kMagic ||
      read_text(file, bytes - 6, 6) != kMagic) {
    refuse_message(file, 0, "ipc.magic",
                   "file must begin and end with ARROW1, or be a stream");
  }
  const auto length =
      FlatTable::word<std::int32_t>(read_text(file, bytes - kTailBytes, 4), 0);
  if (length <= 0 || length > bytes - 8 - kTailBytes) {
    refuse_message(file, bytes - kTailBytes, "ipc.footer_length",
                   "a footer of " + std::to_string(length) +
                       " bytes is not in a file of " + std::to_string(bytes));
  }
  if (length > limits.max_metadata_bytes) {
    refuse_message(file, bytes - kTailBytes, "limits.max_metadata_bytes",
                   "max_metadata_bytes is " +
                       std::to_string(limits.max_metadata_bytes) + ", the footer has " +
                       std::to_string(length));
  }
  IpcLayout layout;
  layout.footer_offset = bytes - kTailBytes - length;
  layout.footer = read_text(file, layout.footer_offset, length);
  layout.footer_xxh3 = xxh3_64(layout.footer);
  const auto footer = FlatTable::root(layout.footer);
  const auto blocks = footer ? footer->structs(3, kBlockBytes) : std::nullopt;
  if (!blocks)
    refuse_message(file, layout.footer_offset, "ipc.footer",
                   "the footer's tables are broken");
  const auto count = static_cast<Index>(blocks->size() / kBlockBytes);
  if (count > limits.max_row_groups) {
    refuse_message(file, layout.footer_offset, "limits.max_row_groups",
                   "max_row_groups is " + std::to_string(limits.max_row_groups) +
                       ", got " + std::to_string(count));
  }
  for (Index b = 0; b < count; ++b) {
    const auto at = static_cast<std::size_t>(b) * kBlockBytes;
    IpcBlock block =
        block_at(file, blocks->substr(at, kBlockBytes), layout.footer_offset, limits);
    block.rows = rows_of(file, block);
    if (__builtin_add_overflow(layout.rows, block.rows, &layout.rows)) {
      refuse_message(file, block.offset, "ipc.rows",
                     "the rows of all batches must fit 63 bits");
    }
    layout.batches.push_back(block);
  }
  make_inert(layout.footer);
  return layout;
}

}  // namespace lade::io
