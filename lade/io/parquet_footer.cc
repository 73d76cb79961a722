// SPDX-License-Identifier: Apache-2.0
// Source: parquet.thrift of Apache Parquet Format 2.11; field numbers in comments.
#include "lade/io/parquet_footer.h"

#include <algorithm>
#include <string_view>

#include "lade/io/parquet_thrift.h"

namespace lade::io {
namespace {

constexpr Index kMagicBytes = 4;
constexpr std::string_view kArrowSchema = "ARROW:schema";
constexpr std::string_view kInertSchema = "lade:ignored";
static_assert(kArrowSchema.size() == kInertSchema.size());

// boolean, i32, i64, i96, float, double, byte array, fixed
constexpr Index kWidths[] = {1, 4, 8, 12, 4, 8, 4, 0};
constexpr std::int32_t kFixed = 7;
constexpr std::int32_t kRepeated = 2;

// Bytes of a text inside the footer, to be overwritten there.
struct Span {
  Index at = 0;
  Index bytes = 0;
};

// A column as stored. Those of lists, maps and structs are counted, never decoded.
struct Leaf {
  Index width = 0;
  bool flat = true;
};

class FooterWalk {
 public:
  FooterWalk(ParquetFooter& footer, const std::string& source, const Limits& limits)
      : footer_(footer),
        source_(source),
        limits_(limits),
        walk_(std::as_bytes(std::span(footer.bytes)), source, "parquet.footer",
              limits) {}

  void run() {
    walk_struct(walk_, [&](ThriftField field) {
      switch (field.id) {
        case 2:
          return schema(field);
        case 3:
          walk_.expect(field, ThriftType::i64);
          footer_.rows = walk_.number();
          return true;
        case 4:
          return row_groups(field);
        case 5:
          return key_values(field);
        case 8:
          refuse("parquet.encrypted", "encrypted files cannot be read", "");
      }
      return false;
    });
    if (elements_ == 0) walk_.fail("the schema is missing");
    footer_.columns = static_cast<Index>(leaves_.size());
    check_rows();
    check_ratio();
    overwrite();
  }

 private:
  [[noreturn]] void refuse(const std::string& rule, const std::string& what,
                           const std::string& column) const {
    throw DataError(
        {.source = source_, .offset = {}, .row = {}, .column = column, .rule = rule},
        what);
  }
  std::string at_group() const { return "row group " + std::to_string(group_) + ": "; }

  std::uint64_t structs(ThriftField field) {
    walk_.expect(field, ThriftType::list);
    const ThriftList list = walk_.list();
    if (list.size != 0 && list.type != ThriftType::structure) {
      walk_.fail("field " + std::to_string(field.id) + " must be a list of structs");
    }
    return list.size;
  }

  bool schema(ThriftField field) {
    const std::uint64_t size = structs(field);
    if (elements_ != 0) walk_.fail("the schema comes twice");
    if (size > static_cast<std::uint64_t>(limits_.max_columns) + 1) {
      walk_.fail_limit("max_columns", limits_.max_columns, size - 1);
    }
    for (std::uint64_t i = 0; i < size; ++i) element(i == 0);
    if (size > 0 && !open_groups_.empty()) {
      walk_.fail("the schema ends, children of a group are missing");
    }
    return true;
  }

  // SchemaElement: 1 type, 2 type_length, 3 repetition, 4 name, 5 num_children
  void element(bool root) {
    ++elements_;
    std::int32_t type = -1;
    std::int32_t length = 0;
    std::int32_t repetition = 0;
    std::int32_t children = 0;
    std::string name;
    walk_struct(walk_, [&](ThriftField field) {
      switch (field.id) {
        case 1:
          walk_.expect(field, ThriftType::i32);
          type = walk_.number32();
          return true;
        case 2:
          walk_.expect(field, ThriftType::i32);
          length = walk_.number32();
          return true;
        case 3:
          walk_.expect(field, ThriftType::i32);
          repetition = walk_.number32();
          return true;
        case 4:
          walk_.expect(field, ThriftType::binary);
          name = column_name();
          return true;
        case 5:
          walk_.expect(field, ThriftType::i32);
          children = walk_.number32();
          return true;
        default:
          return false;
      }
    });
    if (children < 0)
      walk_.fail("a group of " + std::to_string(children) + " children");
    if (root) {
      if (children > 0) open_groups_.push_back(children);
      return;
    }
    if (open_groups_.empty()) walk_.fail("the root has fewer children than the schema");
    if (open_groups_.size() == 1) {
      footer_.fields.push_back({name, static_cast<Index>(leaves_.size()), true});
    }
    if (children != 0 || type < 0 || repetition == kRepeated) {
      footer_.fields.back().flat = false;
    }
    if (type < 0) {
      if (children == 0) refuse("parquet.footer", "a group without children", name);
      open_group(children);
      return;
    }
    if (children != 0) refuse("parquet.footer", "a column with children", name);
    leaf(name, type, length);
    close_groups();
  }

  /// The elements that follow are inside the group.
  void open_group(std::int32_t children) {
    open_groups_.push_back(children);
    if (static_cast<Index>(open_groups_.size()) > limits_.max_nesting) {
      walk_.fail_limit("max_nesting", limits_.max_nesting, open_groups_.size());
    }
  }

  /// An element is complete, and with it the groups it was the last of.
  void close_groups() {
    while (!open_groups_.empty() && --open_groups_.back() == 0) open_groups_.pop_back();
  }

  void leaf(const std::string& name, std::int32_t type, std::int32_t length) {
    if (type > kFixed)
      refuse("parquet.footer", "unknown type " + std::to_string(type), name);
    if (type == kFixed && (length <= 0 || length > limits_.max_value_bytes)) {
      refuse(
          "parquet.footer",
          "fixed length must be in [1, max_value_bytes], got " + std::to_string(length),
          name);
    }
    leaves_.push_back(
        {type == kFixed ? Index{length} : kWidths[type], footer_.fields.back().flat});
  }

  std::string column_name() {
    const std::string_view name = walk_.text();
    if (static_cast<Index>(name.size()) > limits_.max_name_bytes) {
      walk_.fail_limit("max_name_bytes", limits_.max_name_bytes, name.size());
    }
    return std::string(name);
  }

  bool row_groups(ThriftField field) {
    const std::uint64_t size = structs(field);
    if (elements_ == 0) walk_.fail("the schema must come before the row groups");
    if (size > static_cast<std::uint64_t>(limits_.max_row_groups)) {
      walk_.fail_limit("max_row_groups", limits_.max_row_groups, size);
    }
    for (group_ = 0; group_ < static_cast<Index>(size); ++group_) row_group();
    return true;
  }

  // RowGroup: 1 columns, 3 num_rows
  void row_group() {
    const std::size_t first = footer_.chunks.size();
    Index rows = -1;
    values_.clear();
    walk_struct(walk_, [&](ThriftField field) {
      if (field.id == 1) {
        const std::uint64_t size = structs(field);
        if (size != leaves_.size() || footer_.chunks.size() != first) {
          walk_.fail(at_group() + std::to_string(size) + " columns, the schema has " +
                     std::to_string(leaves_.size()));
        }
        for (std::uint64_t c = 0; c < size; ++c) column_chunk();
        return true;
      }
      if (field.id == 3) {
        walk_.expect(field, ThriftType::i64);
        rows = walk_.number();
        return true;
      }
      return false;
    });
    if (footer_.chunks.size() - first != leaves_.size())
      walk_.fail(at_group() + "no columns");
    if (rows < 0) refuse("parquet.rows", at_group() + "rows must be >= 0", "");
    for (std::size_t c = 0; c < leaves_.size(); ++c) {
      if (leaves_[c].flat && values_[c] != rows) {
        refuse("parquet.rows",
               at_group() + std::to_string(rows) + " rows, a column has " +
                   std::to_string(values_[c]) + " values",
               "");
      }
    }
    footer_.group_rows.push_back(rows);
  }

  // ColumnChunk: 1 file_path, 3 meta_data, 8 crypto_metadata
  void column_chunk() {
    bool found = false;
    walk_struct(walk_, [&](ThriftField field) {
      switch (field.id) {
        case 1:
          refuse("parquet.external", at_group() + "a column lies in another file", "");
        case 3:
          walk_.expect(field, ThriftType::structure);
          if (found) walk_.fail("column metadata comes twice");
          found = true;
          column_metadata();
          return true;
        case 8:
          refuse("parquet.encrypted", "encrypted columns cannot be read", "");
      }
      return false;
    });
    if (!found) walk_.fail(at_group() + "column metadata is missing");
  }

  // ColumnMetaData: 5 num_values, 6 total_uncompressed_size, 7 total_compressed_size,
  // 9 data_page_offset, 11 dictionary_page_offset
  void column_metadata() {
    Index values = -1;
    Index decoded = -1;
    Index stored = -1;
    Index data = -1;
    Index dictionary = 0;
    walk_struct(walk_, [&](ThriftField field) {
      Index* to = nullptr;
      switch (field.id) {
        case 5:
          to = &values;
          break;
        case 6:
          to = &decoded;
          break;
        case 7:
          to = &stored;
          break;
        case 9:
          to = &data;
          break;
        case 11:
          to = &dictionary;
          break;
        default:
          return false;
      }
      walk_.expect(field, ThriftType::i64);
      *to = walk_.number();
      return true;
    });
    values_.push_back(values);
    const Index begin = dictionary > 0 && dictionary < data ? dictionary : data;
    const Index end =
        footer_.file_bytes - 2 * kMagicBytes - static_cast<Index>(footer_.bytes.size());
    if (decoded < 0 || stored < 0 || begin < kMagicBytes || begin > end ||
        stored > end - begin) {
      refuse("parquet.offset",
             at_group() + std::to_string(stored) + " bytes at " +
                 std::to_string(begin) + " must lie in [4, " + std::to_string(end) +
                 ")",
             "");
    }
    footer_.chunks.push_back({begin, stored});
  }

  // KeyValue: 1 key, 2 value
  bool key_values(ThriftField field) {
    const std::uint64_t size = structs(field);
    for (std::uint64_t i = 0; i < size; ++i) {
      Span key;
      Span value;
      bool arrow = false;
      walk_struct(walk_, [&](ThriftField member) {
        if (member.id != 1 && member.id != 2) return false;
        walk_.expect(member, ThriftType::binary);
        const std::string_view text = walk_.text();
        const Span span{walk_.offset() - static_cast<Index>(text.size()),
                        static_cast<Index>(text.size())};
        if (member.id == 1) arrow = text == kArrowSchema;
        (member.id == 1 ? key : value) = span;
        return true;
      });
      if (arrow) arrow_schemas_.push_back({key, value});
    }
    return true;
  }

  void check_rows() const {
    Index rows = 0;
    for (const Index r : footer_.group_rows) {
      if (__builtin_add_overflow(rows, r, &rows))
        refuse("parquet.rows", "too many rows", "");
    }
    if (rows != footer_.rows) {
      refuse("parquet.rows",
             "the file has " + std::to_string(footer_.rows) + " rows, its row groups " +
                 std::to_string(rows),
             "");
    }
  }

  void check_ratio() const {
    Index row_bytes = 0;
    for (const Leaf& leaf : leaves_) row_bytes += leaf.flat ? leaf.width : 0;
    Index decoded = 0;
    Index allowed = 0;
    const bool wraps = __builtin_mul_overflow(row_bytes, footer_.rows, &decoded);
    if (__builtin_mul_overflow(footer_.file_bytes, limits_.max_decoded_ratio, &allowed))
      return;
    allowed = std::max(allowed, limits_.max_decoded_floor);
    if (wraps || decoded > allowed) {
      refuse("parquet.ratio",
             std::to_string(footer_.rows) + " rows of " + std::to_string(row_bytes) +
                 " bytes from a file of " + std::to_string(footer_.file_bytes) +
                 " bytes: at most " + std::to_string(allowed) + " bytes may be decoded",
             "");
    }
  }

  void overwrite() {
    const std::span<char> all(footer_.bytes);
    for (const auto& [key, value] : arrow_schemas_) {
      const auto text = all.subspan(static_cast<std::size_t>(value.at),
                                    static_cast<std::size_t>(value.bytes));
      if (!make_extensions_inert(text)) {
        std::copy(kInertSchema.begin(), kInertSchema.end(), all.begin() + key.at);
      }
    }
  }

  ParquetFooter& footer_;
  const std::string& source_;
  const Limits& limits_;
  ThriftWalk walk_;
  Index elements_ = 0;
  Index group_ = 0;
  std::vector<std::int32_t> open_groups_;  // children that are still to come
  std::vector<Leaf> leaves_;
  std::vector<Index> values_;  // of the columns of the current group
  std::vector<std::pair<Span, Span>> arrow_schemas_;
};

}  // namespace

ParquetFooter check_footer(std::string bytes, Index file_bytes,
                           const std::string& source, const Limits& limits) {
  ParquetFooter footer;
  footer.bytes = std::move(bytes);
  footer.file_bytes = file_bytes;
  FooterWalk walk(footer, source, limits);
  walk.run();
  return footer;
}

}  // namespace lade::io
