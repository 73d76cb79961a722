// SPDX-License-Identifier: Apache-2.0
// Source: Message.fbs, Schema.fbs and File.fbs of the Arrow format 1.5, field numbers
// in comments.
#include <algorithm>
#include <map>
#include <span>

#include "lade/core/hash.h"
#include "lade/io/flat_table.h"
#include "lade/io/ipc_layout.h"
#include "lade/io/ipc_message.h"
#include "lade/io/parquet_footer.h"

namespace lade::io {
namespace {

// MessageHeader
constexpr std::uint8_t kSchema = 1;
constexpr std::uint8_t kDictionaryBatch = 2;
constexpr std::uint8_t kRecordBatch = 3;

/// The stream ends inside what begins at `offset`.
struct Cut {
  Index offset = 0;
  std::string what;
};

/// A message: its prefix and metadata are in the file, and its body is.
struct Message {
  IpcBlock block;
  std::string metadata;  // the flatbuffer
  std::uint8_t kind = 0;
};

class StreamWalk {
 public:
  StreamWalk(const File& file, const Limits& limits) : file_(file), limits_(limits) {}

  IpcLayout run(OnTruncated on_truncated) {
    layout_.stream = true;
    try {
      while (add_message()) {
      }
    } catch (const Cut& cut) {
      if (on_truncated != OnTruncated::stop || layout_.schema.empty())
        refuse_message(file_, cut.offset, "ipc.cut", cut.what);
      layout_.cut =
          Place{.source = file_.path(), .offset = cut.offset, .rule = "ipc.cut"};
    }
    if (layout_.schema.empty())
      refuse_message(file_, 0, "ipc.schema",
                     "a stream must begin with a schema message");
    if (layout_.unproven_end && on_truncated == OnTruncated::strict) {
      refuse_message(file_, layout_.end, "ipc.unproven_end",
                     "the stream has no end marker and may have been cut");
    }
    layout_.footer_xxh3 = hash_.digest64();
    make_extensions_inert(std::as_writable_bytes(std::span(layout_.schema)));
    return std::move(layout_);
  }

 private:
  /// False at the end of the stream.
  bool add_message() {
    const Index at = layout_.end;
    const Index left = file_.bytes() - at;
    if (left == 0) {
      layout_.unproven_end = true;
      return false;
    }
    if (left < 4) throw Cut{at, "the stream ends inside a message's length"};
    const std::string word = read_text(file_, at, 4);
    const bool modern = FlatTable::word<std::uint32_t>(word, 0) == kContinuation;
    const Index prefix = modern ? 8 : 4;
    if (left < prefix) throw Cut{at, "the stream ends inside a message's length"};
    const Index length =
        modern ? FlatTable::word<std::int32_t>(read_text(file_, at + 4, 4), 0)
               : FlatTable::word<std::int32_t>(word, 0);
    if (length == 0) {
      if (left > prefix) {
        refuse_message(
            file_, at + prefix, "ipc.trailing",
            std::to_string(left - prefix) + " bytes follow the end of the stream");
      }
      return false;
    }
    add(read_message(at, prefix, length));
    return true;
  }

  Message read_message(Index at, Index prefix, Index length) const {
    if (length < 0)
      refuse_message(file_, at, "ipc.metadata_length", "a length must be >= 0");
    if (length > limits_.max_metadata_bytes) {
      refuse_message(file_, at, "limits.max_metadata_bytes",
                     "max_metadata_bytes is " +
                         std::to_string(limits_.max_metadata_bytes) + ", got " +
                         std::to_string(length));
    }
    const Index left = file_.bytes() - at - prefix;
    if (length > left) {
      throw Cut{at, "a message's metadata has " + std::to_string(length) + " bytes, " +
                        std::to_string(left) + " left"};
    }
    Message message;
    message.metadata = read_text(file_, at + prefix, length);
    const auto table = FlatTable::root(message.metadata);
    if (!table)
      refuse_message(file_, at, "ipc.message", "the message's tables are broken");
    message.kind = table->scalar<std::uint8_t>(1).value_or(0);      // header_type
    const Index body = table->scalar<std::int64_t>(3).value_or(0);  // bodyLength
    if (body < 0)
      refuse_message(file_, at, "ipc.body_length", "a body must be >= 0 bytes");
    if (body > limits_.max_block_bytes) {
      refuse_message(file_, at, "limits.max_block_bytes",
                     "max_block_bytes is " + std::to_string(limits_.max_block_bytes) +
                         ", got " + std::to_string(body));
    }
    if (body > left - length) {
      throw Cut{at, "a message's body has " + std::to_string(body) + " bytes, " +
                        std::to_string(left - length) + " left"};
    }
    message.block = {at, prefix + length, body, 0};
    return message;
  }

  void add(Message message) {
    hash_.update(std::as_bytes(std::span(message.metadata)));
    const Index at = message.block.offset;
    const auto table = FlatTable::root(message.metadata);
    const auto header = table ? table->table(2) : std::nullopt;  // header
    if (!header) refuse_message(file_, at, "ipc.message", "the message has no content");
    if (layout_.schema.empty() != (message.kind == kSchema)) {
      refuse_message(file_, at, "ipc.schema",
                     "a stream must begin with a schema message and have no other");
    }
    layout_.end = at + message.block.metadata_bytes + message.block.body_bytes;
    if (message.kind == kSchema) {
      layout_.schema_at = header->at();
      layout_.version = table->scalar<std::int16_t>(0).value_or(0);
      layout_.schema = std::move(message.metadata);
    } else if (message.kind == kDictionaryBatch) {
      layout_.dictionaries.push_back(
          {message.block, header->scalar<std::int64_t>(0).value_or(0),  // id
           header->scalar<std::uint8_t>(2).value_or(0) != 0,            // isDelta
           static_cast<Index>(layout_.batches.size())});
    } else if (message.kind == kRecordBatch) {
      add_batch(message.block, header->scalar<std::int64_t>(0).value_or(0));  // length
    } else {
      refuse_message(file_, at, "ipc.message",
                     "a message must be a schema, a dictionary or a record batch");
    }
  }

  void add_batch(IpcBlock block, Index rows) {
    if (rows < 0 || __builtin_add_overflow(layout_.rows, rows, &layout_.rows)) {
      refuse_message(file_, block.offset, "ipc.rows",
                     "rows must be >= 0 and fit 63 bits, got " + std::to_string(rows));
    }
    if (static_cast<Index>(layout_.batches.size()) == limits_.max_row_groups) {
      refuse_message(file_, block.offset, "limits.max_row_groups",
                     "max_row_groups is " + std::to_string(limits_.max_row_groups) +
                         ", the stream has more batches");
    }
    block.rows = rows;
    layout_.batches.push_back(block);
  }

  const File& file_;
  const Limits& limits_;
  IpcLayout layout_;
  Hasher hash_;
};

/// What decoding batch b needs: of every id the newest whole dictionary and what was
/// added to it since.
std::vector<IpcBlock> dictionaries_of(const IpcLayout& layout, Index b) {
  std::map<std::int64_t, std::vector<IpcBlock>> held;
  for (const IpcDictionary& dictionary : layout.dictionaries) {
    if (dictionary.batches > b) break;
    auto& blocks = held[dictionary.id];
    if (!dictionary.delta) blocks.clear();
    blocks.push_back(dictionary.block);
  }
  std::vector<IpcBlock> out;
  for (const auto& [id, blocks] : held)
    out.insert(out.end(), blocks.begin(), blocks.end());
  return out;
}

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

/// A vector of Block structs {i64 offset, i32 metadata, i64 body}, at 4 modulo 8.
void put_blocks(std::string& out, const std::vector<IpcBlock>& blocks) {
  put(out, static_cast<std::uint32_t>(blocks.size()));
  for (const IpcBlock& block : blocks) {
    put(out, std::int64_t{block.offset} + static_cast<Index>(kIpcHead.size()));
    put(out, static_cast<std::int32_t>(block.metadata_bytes));
    put(out, std::int32_t{0});
    put(out, std::int64_t{block.body_bytes});
  }
}

}  // namespace

bool is_ipc_stream(const File& file) {
  constexpr Index most = 64 << 10;
  if (file.bytes() < 8) return false;
  const std::string text = read_text(file, 0, std::min(most, file.bytes()));
  if (FlatTable::word<std::uint32_t>(text, 0) == kContinuation) return true;
  // Of old there was no continuation: the length, and a message that must be a schema.
  const auto message = FlatTable::root(std::string_view(text).substr(4));
  return message && message->scalar<std::uint8_t>(1) == kSchema;
}

IpcLayout read_stream_layout(const File& file, const Limits& limits,
                             OnTruncated on_truncated) {
  return StreamWalk(file, limits).run(on_truncated);
}

std::string stream_tail(const IpcLayout& layout, Index b) {
  std::vector<IpcBlock> batches;
  std::vector<IpcBlock> dictionaries;
  if (b >= 0) {
    batches.push_back(layout.batches[static_cast<std::size_t>(b)]);
    dictionaries = dictionaries_of(layout, b);
  }
  const auto schema_at = static_cast<std::uint32_t>(layout.schema_at);
  constexpr std::uint32_t table = 16, fields = 20, first_vector = table + fields;
  const auto second_vector =
      static_cast<std::uint32_t>(first_vector + 4 + 24 * dictionaries.size() + 4);
  const auto blob = static_cast<std::uint32_t>(second_vector + 4 + 24 * batches.size());
  std::string footer;
  put(footer, table);  // root
  // vtable: its size, the table's; of version, schema, dictionaries, recordBatches
  for (const std::uint16_t word :
       std::initializer_list<std::uint16_t>{12, 20, 4, 8, 12, 16})
    put(footer, word);
  put(footer, std::int32_t{12});  // from the table back to its vtable
  put(footer, layout.version);
  put(footer, std::int16_t{0});
  put(footer, blob + schema_at - (table + 8));
  put(footer, first_vector - (table + 12));
  put(footer, second_vector - (table + 16));
  put_blocks(footer, dictionaries);
  put(footer, std::uint32_t{0});  // so that blocks lie at multiples of 8
  put_blocks(footer, batches);
  footer += layout.schema;
  footer.resize((footer.size() + 7) / 8 * 8);
  const auto length = static_cast<std::int32_t>(footer.size());
  put(footer, length);
  return footer + "ARROW1";
}

}  // namespace lade::io
