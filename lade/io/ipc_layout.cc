// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc_layout.h"

#include <cstring>
#include <optional>
#include <span>

#include "lade/core/hash.h"
#include "lade/io/parquet_footer.h"

namespace lade::io {
namespace {

constexpr std::string_view kMagic = "ARROW1";
constexpr Index kTailBytes = 4 + 6;  // footer length and magic
constexpr std::uint32_t kContinuation = 0xFFFFFFFF;
constexpr std::size_t kBlockBytes = 24;  // i64 offset, i32 metadata, i64 body

[[noreturn]] void refuse(const File& file, Index offset, const std::string& rule,
                         const std::string& what) {
  throw DataError({.source = file.path(), .offset = offset, .rule = rule}, what);
}

std::string read_text(const File& file, Index offset, Index bytes) {
  std::string text(static_cast<std::size_t>(bytes), '\0');
  file.read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

/// One flatbuffer table. Every access is checked; nullopt where the bytes do not fit.
class FlatTable {
 public:
  static std::optional<FlatTable> root(std::string_view bytes) {
    const auto at = number<std::uint32_t>(bytes, 0);
    return at ? FlatTable{bytes, *at}.checked() : std::nullopt;
  }
  template <class T>
  std::optional<T> scalar(std::size_t field) const {
    const auto place = position(field);
    return place ? number<T>(bytes_, *place) : std::nullopt;
  }
  std::optional<FlatTable> table(std::size_t field) const {
    const auto place = position(field);
    const auto step = place ? number<std::uint32_t>(bytes_, *place) : std::nullopt;
    return step ? FlatTable{bytes_, *place + *step}.checked() : std::nullopt;
  }
  /// Elements of a vector of structs; empty if the field is absent, nullopt if it is
  /// broken.
  std::optional<std::string_view> structs(std::size_t field, std::size_t width) const {
    const auto place = position(field);
    if (!place) return std::string_view();
    const auto step = number<std::uint32_t>(bytes_, *place);
    if (!step) return std::nullopt;
    const std::size_t begin = *place + *step;
    const auto count = number<std::uint32_t>(bytes_, begin);
    if (!count || *count > (bytes_.size() - begin - 4) / width) return std::nullopt;
    return bytes_.substr(begin + 4, *count * width);
  }
  template <class T>
  static std::optional<T> number(std::string_view bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }

 private:
  FlatTable(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::optional<FlatTable> checked() {
    const auto back = number<std::int32_t>(bytes_, at_);
    if (!back) return std::nullopt;
    const auto vtable = static_cast<std::int64_t>(at_) - *back;
    if (vtable < 0 || vtable > static_cast<std::int64_t>(bytes_.size()))
      return std::nullopt;
    vtable_ = static_cast<std::size_t>(vtable);
    const auto size = number<std::uint16_t>(bytes_, vtable_);
    if (!size || *size < 4 || *size > bytes_.size() - vtable_) return std::nullopt;
    vtable_bytes_ = *size;
    return *this;
  }
  /// Where a field's value lies; nullopt if it is absent.
  std::optional<std::size_t> position(std::size_t field) const {
    const std::size_t entry = 4 + 2 * field;
    if (entry + 2 > vtable_bytes_) return std::nullopt;
    const auto step = number<std::uint16_t>(bytes_, vtable_ + entry);
    if (!step || *step == 0) return std::nullopt;
    return at_ + *step;
  }

  std::string_view bytes_;
  std::size_t at_;
  std::size_t vtable_ = 0;
  std::size_t vtable_bytes_ = 0;
};

/// Rows of a record batch message.
Index rows_of(const File& file, const IpcBlock& block) {
  const std::string text = read_text(file, block.offset, block.metadata_bytes);
  const auto first = FlatTable::number<std::uint32_t>(text, 0);
  const std::size_t prefix = first && *first == kContinuation ? 8 : 4;
  const auto length = FlatTable::number<std::int32_t>(text, prefix - 4);
  if (!length || *length < 0 ||
      static_cast<std::size_t>(*length) > text.size() - prefix) {
    refuse(file, block.offset, "ipc.metadata_length",
           "a message's metadata must be inside its block");
  }
  const auto message = FlatTable::root(std::string_view(text).substr(prefix));
  constexpr std::uint8_t kRecordBatch = 3;
  const auto kind = message ? message->scalar<std::uint8_t>(1) : std::nullopt;
  const auto batch = kind == kRecordBatch ? message->table(2) : std::nullopt;
  if (!batch)
    refuse(file, block.offset, "ipc.footer", "a block must be a record batch");
  const Index rows = batch->scalar<std::int64_t>(0).value_or(0);
  if (rows < 0) {
    refuse(file, block.offset, "ipc.rows",
           "rows must be >= 0, got " + std::to_string(rows));
  }
  return rows;
}

IpcBlock block_at(const File& file, std::string_view bytes, Index end,
                  const Limits& limits) {
  const auto offset = *FlatTable::number<std::int64_t>(bytes, 0);
  const auto metadata = *FlatTable::number<std::int32_t>(bytes, 8);
  const auto body = *FlatTable::number<std::int64_t>(bytes, 16);
  if (offset < 8 || offset > end || metadata < 8 || metadata > end - offset) {
    refuse(file, std::max<Index>(offset, 0), "ipc.metadata_length",
           "a message must lie between head and footer");
  }
  if (body < 0 || body > end - offset - metadata) {
    refuse(file, offset, "ipc.body_length",
           "a body of " + std::to_string(body) + " bytes is not inside the file");
  }
  if (metadata > limits.max_metadata_bytes) {
    refuse(file, offset, "limits.max_metadata_bytes",
           "max_metadata_bytes is " + std::to_string(limits.max_metadata_bytes) +
               ", got " + std::to_string(metadata));
  }
  if (body > limits.max_block_bytes) {
    refuse(file, offset, "limits.max_block_bytes",
           "max_block_bytes is " + std::to_string(limits.max_block_bytes) + ", got " +
               std::to_string(body));
  }
  return {offset, metadata, body, 0};
}

void make_inert(std::string& text) {
  make_extensions_inert(std::as_writable_bytes(std::span(text)));
}

}  // namespace

IpcLayout read_ipc_layout(const File& file, const Limits& limits) {
  const Index bytes = file.bytes();
  if (bytes < 8 + kTailBytes || read_text(file, 0, 6) != kMagic ||
      read_text(file, bytes - 6, 6) != kMagic) {
    refuse(file, 0, "ipc.magic", "file must begin and end with ARROW1");
  }
  const auto length =
      *FlatTable::number<std::int32_t>(read_text(file, bytes - kTailBytes, 4), 0);
  if (length <= 0 || length > bytes - 8 - kTailBytes) {
    refuse(file, bytes - kTailBytes, "ipc.footer_length",
           "a footer of " + std::to_string(length) + " bytes is not in a file of " +
               std::to_string(bytes));
  }
  if (length > limits.max_metadata_bytes) {
    refuse(file, bytes - kTailBytes, "limits.max_metadata_bytes",
           "max_metadata_bytes is " + std::to_string(limits.max_metadata_bytes) +
               ", the footer has " + std::to_string(length));
  }
  IpcLayout layout;
  layout.footer_offset = bytes - kTailBytes - length;
  layout.footer = read_text(file, layout.footer_offset, length);
  layout.footer_xxh3 = xxh3_64(layout.footer);
  const auto footer = FlatTable::root(layout.footer);
  const auto blocks = footer ? footer->structs(3, kBlockBytes) : std::nullopt;
  if (!blocks)
    refuse(file, layout.footer_offset, "ipc.footer", "the footer's tables are broken");
  const auto count = static_cast<Index>(blocks->size() / kBlockBytes);
  if (count > limits.max_row_groups) {
    refuse(file, layout.footer_offset, "limits.max_row_groups",
           "max_row_groups is " + std::to_string(limits.max_row_groups) + ", got " +
               std::to_string(count));
  }
  for (Index b = 0; b < count; ++b) {
    const auto at = static_cast<std::size_t>(b) * kBlockBytes;
    IpcBlock block =
        block_at(file, blocks->substr(at, kBlockBytes), layout.footer_offset, limits);
    block.rows = rows_of(file, block);
    if (__builtin_add_overflow(layout.rows, block.rows, &layout.rows)) {
      refuse(file, block.offset, "ipc.rows",
             "the rows of all batches must fit 63 bits");
    }
    layout.batches.push_back(block);
  }
  make_inert(layout.footer);
  return layout;
}

std::string read_stream_head(const File& file, const Limits& limits) {
  if (file.bytes() == 0) return {};
  if (file.bytes() < 8)
    refuse(file, 0, "ipc.cut", "a stream must begin with a schema message");
  const std::string prefix = read_text(file, 0, 8);
  const bool modern = *FlatTable::number<std::uint32_t>(prefix, 0) == kContinuation;
  const Index length = *FlatTable::number<std::int32_t>(prefix, modern ? 4 : 0);
  const Index head = (modern ? 8 : 4) + length;
  if (length < 0) refuse(file, 0, "ipc.metadata_length", "a length must be >= 0");
  if (length > limits.max_metadata_bytes) {
    refuse(file, 0, "limits.max_metadata_bytes",
           "max_metadata_bytes is " + std::to_string(limits.max_metadata_bytes) +
               ", got " + std::to_string(length));
  }
  if (head > file.bytes()) {
    refuse(file, 0, "ipc.cut",
           "the schema has " + std::to_string(length) + " bytes, " +
               std::to_string(file.bytes() - (head - length)) + " left");
  }
  std::string text = read_text(file, 0, head);
  make_inert(text);
  return text;
}

}  // namespace lade::io
