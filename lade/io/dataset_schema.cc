// SPDX-License-Identifier: Apache-2.0
#include "lade/io/dataset_schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "lade/core/error.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Bits of the whole numbers a type holds exactly; a signed type's sign not counted.
struct Range {
  bool number = false;
  bool negative = false;
  bool fraction = false;
  int bits = 0;
};

Range range_of(Kind kind) {
  switch (kind) {
    case Kind::i8:
      return {true, true, false, 7};
    case Kind::i16:
      return {true, true, false, 15};
    case Kind::i32:
      return {true, true, false, 31};
    case Kind::i64:
      return {true, true, false, 63};
    case Kind::u8:
      return {true, false, false, 8};
    case Kind::u16:
      return {true, false, false, 16};
    case Kind::u32:
      return {true, false, false, 32};
    case Kind::u64:
      return {true, false, false, 64};
    case Kind::f32:
      return {true, true, true, 24};
    case Kind::f64:
      return {true, true, true, 53};
    default:
      return {};
  }
}

bool holds(const Range& outer, const Range& inner) {
  return outer.bits >= inner.bits && (outer.negative || !inner.negative) &&
         (outer.fraction || !inner.fraction);
}

[[noreturn]] void refuse(const FileColumns& first, const FileColumns& other,
                         const std::string& column, const std::string& what) {
  throw DataError({other.path, {}, {}, column, "dataset.schema", ""},
                  what + "; the first file is " + escape_text(first.path));
}

bool is_whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && parsed.ec == std::errc() &&
         parsed.ptr == text.data() + text.size();
}

void add_parts(std::span<const FileColumns> files, Schema& schema) {
  for (std::size_t p = 0; p < files[0].parts.size(); ++p) {
    const std::string& name = files[0].parts[p].first;
    if (schema.find(name) >= 0) {
      throw DataError({files[0].path, {}, {}, name, "dataset.parts", ""},
                      "a key=value directory and a column have the same name");
    }
    bool whole = true, null = false;
    for (const auto& file : files) {
      const std::string& value = file.parts[p].second;
      if (value == kNullPart)
        null = true;
      else
        whole = whole && is_whole_number(value);
    }
    ColumnType type;
    type.kind = whole ? Kind::i64 : Kind::text;
    schema.fields.push_back({name, type, null});
  }
}

/// Joins the columns of one more file.
void add_file(const FileColumns& first, const FileColumns& file, std::string_view mode,
              Schema& schema) {
  for (Field& field : schema.fields) {
    const Index c = file.schema.find(field.name);
    if (c < 0) {
      if (mode != "union") refuse(first, file, field.name, "column is missing");
      field.nullable = true;
      continue;
    }
    const Field& other = file.schema.fields[at(c)];
    field.nullable = field.nullable || other.nullable;
    if (other.type == field.type) continue;
    const auto common =
        mode == "exact" ? std::nullopt : common_type(field.type, other.type);
    if (!common) {
      refuse(first, file, field.name,
             "column is " + to_string(other.type) + " here and " +
                 to_string(field.type) + " before");
    }
    field.type = *common;
  }
  for (const Field& field : file.schema.fields) {
    if (schema.find(field.name) >= 0) continue;
    if (mode != "union")
      refuse(first, file, field.name, "column is not in the first file");
    schema.fields.push_back(field);
    schema.fields.back().nullable = true;
  }
}

using Bytes = std::vector<std::byte>;

template <class From, class To>
void convert(const Column& column, Index rows, std::byte* out) {
  for (Index r = 0; r < rows; ++r) {
    const To value = static_cast<To>(column.as<From>()[r]);
    std::memcpy(out + at(r) * sizeof(To), &value, sizeof(To));
  }
}

template <class F>
void with_type(Kind kind, F&& f) {
  switch (kind) {
    case Kind::i8:
      f(std::int8_t{});
      break;
    case Kind::i16:
      f(std::int16_t{});
      break;
    case Kind::i32:
      f(std::int32_t{});
      break;
    case Kind::i64:
      f(std::int64_t{});
      break;
    case Kind::u8:
      f(std::uint8_t{});
      break;
    case Kind::u16:
      f(std::uint16_t{});
      break;
    case Kind::u32:
      f(std::uint32_t{});
      break;
    case Kind::u64:
      f(std::uint64_t{});
      break;
    case Kind::f32:
      f(float{});
      break;
    case Kind::f64:
      f(double{});
      break;
    default:
      break;
  }
}

/// Values, validity and dictionary of a made column.
struct Made {
  Bytes values;
  std::vector<std::uint8_t> validity;
  std::shared_ptr<const Dictionary> dictionary;
};

Column column_of(const ColumnType& type, std::shared_ptr<Made> made,
                 std::shared_ptr<const void>& owner) {
  Column out;
  out.kind = type.kind;
  out.unit = type.unit;
  out.values = made->values.data();
  if (!made->validity.empty()) out.validity = made->validity.data();
  out.dictionary = made->dictionary.get();
  owner = std::move(made);
  return out;
}

}  // namespace

std::optional<ColumnType> common_type(const ColumnType& a, const ColumnType& b) {
  if (a == b) return a;
  const Range x = range_of(a.kind), y = range_of(b.kind);
  if (!x.number || !y.number) return std::nullopt;
  constexpr std::array kinds{Kind::i8,  Kind::u8,  Kind::i16, Kind::u16, Kind::i32,
                             Kind::u32, Kind::i64, Kind::u64, Kind::f32, Kind::f64};
  for (const Kind kind : kinds) {
    const Range range = range_of(kind);
    if (!holds(range, x) || !holds(range, y)) continue;
    ColumnType out;
    out.kind = kind;
    return out;
  }
  return std::nullopt;
}

Schema merge_schemas(std::span<const FileColumns> files, std::string_view mode) {
  require(mode == "exact" || mode == "promote" || mode == "union",
          "open: schema must be exact, promote or union, got \"" + escape_text(mode) +
              "\"");
  Schema schema = files[0].schema;
  for (const auto& file : files.subspan(1)) add_file(files[0], file, mode, schema);
  add_parts(files, schema);
  return schema;
}

std::vector<UnsupportedColumn> merge_unsupported(std::span<const FileColumns> files,
                                                 std::string_view mode) {
  std::vector<UnsupportedColumn> out = files[0].unsupported;
  const auto find = [](const std::vector<UnsupportedColumn>& in,
                       const std::string& name) {
    return std::find_if(in.begin(), in.end(),
                        [&](const UnsupportedColumn& one) { return one.name == name; });
  };
  for (const FileColumns& file : files) {
    for (const UnsupportedColumn& column : file.unsupported) {
      const auto known = find(out, column.name);
      if (known != out.end() && known->type != column.type) {
        refuse(files[0], file, column.name,
               "column is " + escape_text(column.type) + " here and " +
                   escape_text(known->type) + " before");
      }
      if (known != out.end()) continue;
      if (mode != "union")
        refuse(files[0], file, column.name, "column is not in the first file");
      out.push_back(column);
    }
  }
  for (const FileColumns& file : files) {
    for (const UnsupportedColumn& column : out) {
      const Index readable = file.schema.find(column.name);
      if (readable >= 0) {
        refuse(files[0], file, column.name,
               "column is " + to_string(file.schema.fields[at(readable)].type) +
                   " here and " + escape_text(column.type) + " elsewhere");
      }
      if (mode != "union" &&
          find(file.unsupported, column.name) == file.unsupported.end())
        refuse(files[0], file, column.name, "column is missing");
    }
  }
  return out;
}

Column widen_column(const Column& column, const ColumnType& type, Index rows,
                    std::shared_ptr<const void>& owner) {
  if (column.kind == type.kind) return column;
  auto made = std::make_shared<Made>();
  made->values.resize(at(rows * width(type.kind)));
  with_type(column.kind, [&]<class From>(From) {
    with_type(type.kind, [&]<class To>(To) {
      convert<From, To>(column, rows, made->values.data());
    });
  });
  Column out = column_of(type, std::move(made), owner);
  out.validity = column.validity;
  return out;
}

Column null_column(const ColumnType& type, Index rows,
                   std::shared_ptr<const void>& owner) {
  auto made = std::make_shared<Made>();
  made->values.resize(at(rows * width(type.kind)));
  made->validity.resize(at((rows + 7) / 8) + 1, 0);
  if (type.kind == Kind::text) made->dictionary = Dictionary::of({});
  return column_of(type, std::move(made), owner);
}

Column constant_column(const ColumnType& type, const std::string& value, Index rows,
                       std::shared_ptr<const void>& owner) {
  if (value == kNullPart) return null_column(type, rows, owner);
  auto made = std::make_shared<Made>();
  made->values.resize(at(rows * width(type.kind)));
  if (type.kind == Kind::text) {
    made->dictionary = Dictionary::of(std::span(&value, 1));  // every code is 0
  } else {
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    for (Index r = 0; r < rows; ++r) {
      std::memcpy(made->values.data() + at(r) * sizeof(number), &number,
                  sizeof(number));
    }
  }
  return column_of(type, std::move(made), owner);
}

}  // namespace lade::io
