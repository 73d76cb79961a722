// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "lade/io/csv_text.h"

namespace lade::io {
namespace {

/// What parsing a field gave.
enum class Parsed : std::uint8_t { value, null, bad };

/// Validity bits, made when the first null comes.
class Validity {
 public:
  explicit Validity(Index rows) : rows_(rows) {}
  void clear(Index row) {
    if (!bits_) {
      bits_ = std::make_shared<std::vector<std::uint8_t>>(
          static_cast<std::size_t>((rows_ + 7) / 8), std::uint8_t{0xFF});
    }
    auto& byte = (*bits_)[static_cast<std::size_t>(row >> 3)];
    byte = static_cast<std::uint8_t>(byte & ~(1U << (row & 7)));
  }
  void finish(CsvValues& values) {
    if (!bits_) return;
    values.column.validity = bits_->data();
    values.bytes += static_cast<Index>(bits_->size());
    values.owners.push_back(std::move(bits_));
  }

 private:
  Index rows_;
  std::shared_ptr<std::vector<std::uint8_t>> bits_;
};

template <class T>
Parsed parse_integer(std::string_view text, T& out) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? Parsed::value
                                                                  : Parsed::bad;
}

/// The same for what nearly every value is: a sign and at most 18 digits.
Parsed parse_integer(std::string_view text, std::int64_t& out) {
  const bool minus = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(minus ? 1 : 0);
  if (digits.empty() || digits.size() > 18) return parse_integer<>(text, out);
  std::int64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(c) - '0');
    if (digit > 9) return Parsed::bad;
    value = 10 * value + digit;
  }
  out = minus ? -value : value;
  return Parsed::value;
}

/// Digits, a point, digits: exact where both the digits and the power of ten are
/// doubles, and one division rounds once (Clinger 1990). False for anything else.
bool parse_plain_decimal(std::string_view text, char decimal, double& out) {
  constexpr std::array<double, 16> powers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.empty() || text.size() > 16) return false;
  const std::size_t sign = text[0] == '-' ? 1 : 0;
  std::int64_t digits = 0;
  std::size_t point = 0;  // 1 + its place
  for (std::size_t i = sign; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(text[i]) - '0');
    if (digit <= 9) {
      digits = 10 * digits + digit;
    } else if (text[i] == decimal && point == 0 && i > sign) {
      point = i + 1;
    } else {
      return false;
    }
  }
  if (text.size() == sign || digits > std::int64_t{1} << 53) return false;
  const double value =
      static_cast<double>(digits) / powers[point == 0 ? 0 : text.size() - point];
  out = sign == 1 ? -value : value;
  return true;
}

template <class T>
Parsed parse_float(std::string_view text, char decimal, T& out) {
  if constexpr (std::is_same_v<T, double>) {
    if (parse_plain_decimal(text, decimal, out)) return Parsed::value;
  }
  if constexpr (std::is_same_v<T, float>) {
    // Not through double: rounding twice is not rounding once.
    if (decimal == '.') {
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), out);
      if (error != std::errc() || end != text.data() + text.size()) return Parsed::bad;
      if (!std::isnan(out)) return Parsed::value;
    } else {
      std::string other(text);
      if (other.find('.') != std::string::npos) return Parsed::bad;
      for (char& c : other) c = c == decimal ? '.' : c;
      return parse_float(other, '.', out);
    }
  }
  const auto value = parse_decimal(text, decimal);
  if (!value) return Parsed::bad;
  out = static_cast<T>(*value);
  return Parsed::value;
}

Parsed parse_boolean(std::string_view text, std::uint8_t& out) {
  constexpr std::array<std::string_view, 4> yes{"true", "True", "TRUE", "1"};
  constexpr std::array<std::string_view, 4> no{"false", "False", "FALSE", "0"};
  for (std::size_t i = 0; i < yes.size(); ++i) {
    if (text == yes[i] || text == no[i]) {
      out = text == yes[i] ? 1 : 0;
      return Parsed::value;
    }
  }
  return Parsed::bad;
}

/// One column of one block.
struct Work {
  std::string_view text;
  const CsvRows& rows;
  Index c;
  const CsvColumn& column;
  CsvDialect dialect;
  const CsvNulls& nulls;
};

template <class T, class Parse>
CsvValues convert_each(const Work& work, CsvRule rule, Parse parse) {
  CsvValues values;
  const Index rows = work.rows.rows;
  auto out = std::make_shared_for_overwrite<T[]>(static_cast<std::size_t>(rows));
  Validity validity(rows);
  std::string scratch;
  for (Index r = 0; r < rows; ++r) {
    const auto text =
        field_text(work.text, work.rows.field(r, work.c), work.dialect.quote, scratch);
    T value{};
    Parsed parsed = Parsed::null;
    if (!work.nulls.contains(text)) parsed = parse(text, value);
    bool unfit = parsed == Parsed::null;
    if constexpr (std::is_floating_point_v<T>) unfit |= !std::isfinite(value);
    if (parsed == Parsed::bad) {
      values.bad.push_back({r, rule});
    } else if (unfit && work.column.key) {
      values.bad.push_back({r, CsvRule::null_key});
    }
    if (parsed != Parsed::value) {
      value = T{};
      validity.clear(r);
    } else {
      ++values.valid;
    }
    out[static_cast<std::ptrdiff_t>(r)] = value;
  }
  values.column.values = out.get();
  values.bytes = rows * static_cast<Index>(sizeof(T));
  values.owners.push_back(std::move(out));
  validity.finish(values);
  return values;
}

CsvValues convert_text(const Work& work) {
  CsvValues values;
  const Index rows = work.rows.rows;
  auto out =
      std::make_shared_for_overwrite<std::int32_t[]>(static_cast<std::size_t>(rows));
  Validity validity(rows);
  TextCodes codes;
  std::string scratch;
  for (Index r = 0; r < rows; ++r) {
    std::int32_t code = codes.code(
        field_text(work.text, work.rows.field(r, work.c), work.dialect.quote, scratch));
    if (code < 0) {
      values.bad.push_back({r, CsvRule::utf8});
      validity.clear(r);
      code = 0;
    }
    out[static_cast<std::ptrdiff_t>(r)] = code;
  }
  auto dictionary = codes.take_dictionary(&values.bytes);
  values.bytes += rows * 4;
  values.column.values = out.get();
  values.column.dictionary = dictionary.get();
  values.owners.push_back(std::move(out));
  values.owners.push_back(std::move(dictionary));
  validity.finish(values);
  return values;
}

CsvValues convert_date(const Work& work) {
  // Dates come again and again: a small table of what short ones mean.
  struct Known {
    ShortText text;
    std::int64_t value = 0;
  };
  std::vector<Known> known(256);
  return convert_each<std::int64_t>(work, CsvRule::date,
                                    [&](std::string_view text, std::int64_t& out) {
                                      const ShortText key = ShortText::of(text);
                                      Known& slot = known[key.hash() & 255];
                                      if (key.size > 0 && slot.text == key) {
                                        out = slot.value;
                                        return Parsed::value;
                                      }
                                      const auto value = work.column.date->parse(text);
                                      if (!value) return Parsed::bad;
                                      out = *value;
                                      if (key.size > 0) slot = {key, *value};
                                      return Parsed::value;
                                    });
}

template <class T>
CsvValues convert_number(const Work& work) {
  return convert_each<T>(work, CsvRule::type, [&](std::string_view text, T& out) {
    if constexpr (std::is_floating_point_v<T>) {
      return parse_float(text, work.dialect.decimal, out);
    } else {
      return parse_integer(text, out);
    }
  });
}

CsvValues convert(const Work& work) {
  switch (work.column.type.kind) {
    case Kind::boolean:
      return convert_each<std::uint8_t>(work, CsvRule::type, parse_boolean);
    case Kind::i8:
      return convert_number<std::int8_t>(work);
    case Kind::i16:
      return convert_number<std::int16_t>(work);
    case Kind::i32:
      return convert_number<std::int32_t>(work);
    case Kind::i64:
      return convert_number<std::int64_t>(work);
    case Kind::u8:
      return convert_number<std::uint8_t>(work);
    case Kind::u16:
      return convert_number<std::uint16_t>(work);
    case Kind::u32:
      return convert_number<std::uint32_t>(work);
    case Kind::u64:
      return convert_number<std::uint64_t>(work);
    case Kind::f32:
      return convert_number<float>(work);
    case Kind::f64:
      return convert_number<double>(work);
    case Kind::time:
      return convert_date(work);
    case Kind::text:
      break;
  }
  return convert_text(work);
}

template <class T>
std::shared_ptr<const void> keep_each(const void* from,
                                      const std::vector<std::uint8_t>& keep, Index kept,
                                      const void** data) {
  auto out = std::make_shared_for_overwrite<T[]>(static_cast<std::size_t>(kept));
  const T* values = static_cast<const T*>(from);
  std::ptrdiff_t at = 0;
  for (std::size_t r = 0; r < keep.size(); ++r) {
    if (keep[r] != 0) out[at++] = values[r];
  }
  *data = out.get();
  return out;
}

}  // namespace

CsvValues convert_values(std::string_view text, const CsvRows& rows, Index c,
                         const CsvColumn& column, CsvDialect dialect,
                         const CsvNulls& nulls) {
  CsvValues values = convert({text, rows, c, column, dialect, nulls});
  values.column.kind = column.type.kind;
  values.column.unit = column.type.unit;
  return values;
}

CsvValues keep_values(const CsvValues& values, const std::vector<std::uint8_t>& keep,
                      Index kept) {
  CsvValues out;
  out.column = values.column;
  out.owners = values.owners;  // the dictionary among them
  out.bytes = values.bytes;
  switch (width(values.column.kind)) {
    case 1:
      out.owners[0] =
          keep_each<std::uint8_t>(values.column.values, keep, kept, &out.column.values);
      break;
    case 2:
      out.owners[0] = keep_each<std::uint16_t>(values.column.values, keep, kept,
                                               &out.column.values);
      break;
    case 4:
      out.owners[0] = keep_each<std::uint32_t>(values.column.values, keep, kept,
                                               &out.column.values);
      break;
    default:
      out.owners[0] = keep_each<std::uint64_t>(values.column.values, keep, kept,
                                               &out.column.values);
  }
  if (values.column.validity == nullptr) return out;
  Validity validity(kept);
  Index at = 0;
  for (std::size_t r = 0; r < keep.size(); ++r) {
    if (keep[r] == 0) continue;
    if (!values.column.valid(static_cast<Index>(r))) validity.clear(at);
    ++at;
  }
  out.column.validity = nullptr;
  validity.finish(out);
  return out;
}

std::string_view rule_id(CsvRule rule) {
  constexpr std::array<std::string_view, 4> ids{"csv.value", "csv.date", "csv.utf8",
                                                "csv.null_key"};
  return ids[static_cast<std::size_t>(rule)];
}

}  // namespace lade::io
