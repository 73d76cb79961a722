// SPDX-License-Identifier: Apache-2.0
// Columns in memory as operators see them: typed arrays without Arrow, cut into
// immutable chunks (decoded row groups), and blocks of whole sequences that view them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/error.h"
#include "lade/core/matrix.h"
#include "lade/core/memory.h"

namespace lade {

/// How the values of a column lie in memory.
///
/// boolean: one byte 0/1. time: i64 in `unit`, counted from 1970. text: i32 codes into
/// the chunk's dictionary. Everything else as named.
enum class Kind : std::uint8_t {
  boolean,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  f32,
  f64,
  time,
  text
};
enum class TimeUnit : std::uint8_t { s, ms, us, ns };

/// Units per second: 1, 1'000, 1'000'000, 1'000'000'000.
Index per_second(TimeUnit unit) noexcept;
/// Bytes of one value: 1, 2, 4 or 8.
Index width(Kind kind) noexcept;
std::string_view name(Kind kind);
std::string_view name(TimeUnit unit);
bool is_integer(Kind kind) noexcept;  // i8..u64
bool is_number(Kind kind) noexcept;   // integers, f32, f64, boolean

struct ColumnType {
  Kind kind = Kind::f64;
  TimeUnit unit = TimeUnit::us;  // of time
  bool date = false;  // time that was a date column: s at midnight, precision one day
  std::string zone = {};  // time zone name of a time column, "" = none
  bool binary = false;    // text of a binary column: bytes that need not be UTF-8
  bool operator==(const ColumnType&) const = default;
};
/// "i64", "text", "timestamp[us, UTC]", "date".
std::string to_string(const ColumnType& type);

struct Field {
  std::string name = {};
  ColumnType type = {};
  bool nullable = true;
  bool operator==(const Field&) const = default;
};

/// The columns of a table, in order, without duplicate names.
struct Schema {
  std::vector<Field> fields;
  /// Position of a column, -1 if absent.
  Index find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;
  bool operator==(const Schema&) const = default;
};

/// Distinct texts of a chunk's text column. Immutable. Entries may repeat or be unused.
class Dictionary {
 public:
  /// `offsets` has size() + 1 entries into `bytes`; `owner` keeps both alive.
  Dictionary(std::span<const std::int64_t> offsets, const char* bytes,
             std::shared_ptr<const void> owner);
  /// Copies the texts.
  static std::shared_ptr<const Dictionary> of(std::span<const std::string> texts);
  Index size() const { return static_cast<Index>(offsets_.size()) - 1; }
  std::string_view operator[](Index code) const {
    const auto c = static_cast<std::size_t>(code);
    return {bytes_ + offsets_[c],
            static_cast<std::size_t>(offsets_[c + 1] - offsets_[c])};
  }
  /// Differs between any two dictionaries of a process; a key for memo tables.
  std::uint64_t id() const { return id_; }

 private:
  std::span<const std::int64_t> offsets_;
  const char* bytes_;
  std::shared_ptr<const void> owner_;
  std::uint64_t id_;
};

/// A view of one column of a chunk.
struct Column {
  Kind kind = Kind::f64;
  TimeUnit unit = TimeUnit::us;
  const void* values = nullptr;            // rows * width(kind) bytes; 0 where null
  const std::uint8_t* validity = nullptr;  // bit r (least significant first) = row r is
                                           // valid; nullptr = all valid
  const Dictionary* dictionary = nullptr;  // of text

  template <class T>
  const T* as() const {
    return static_cast<const T*>(values);
  }
  bool valid(Index row) const noexcept {
    return validity == nullptr || ((validity[row >> 3] >> (row & 7)) & 1) != 0;
  }
};

/// One decoded row group (or part of an in-memory table): immutable, shared by
/// reference.
///
/// Bytes under a null are 0 (text: code 0 may be out of an empty dictionary: look at
/// validity first). Text codes of valid rows are within the dictionary.
struct Chunk {
  Index rows = 0;
  std::vector<Column> columns;  // by position of the reader's selected columns
  Index bytes = 0;              // what it holds in memory
  std::vector<std::shared_ptr<const void>> owners;
  Reservation reservation;  // of these bytes, if they are on a ledger
};

/// Rows [begin, begin + rows) of a chunk: one whole sequence, ascending in time.
struct SequenceView {
  Index sequence = 0;
  const Chunk* chunk = nullptr;
  Index begin = 0;
  Index rows = 0;
};

/// Many whole sequences. The unit of work of every operator.
struct SequenceBlock {
  const Schema* schema = nullptr;  // of the chunks' columns
  std::vector<SequenceView> sequences;
  std::vector<std::shared_ptr<const Chunk>> chunks;  // keeps what the views see alive
};

}  // namespace lade
