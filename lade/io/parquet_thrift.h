// SPDX-License-Identifier: Apache-2.0
// A walk over compact-protocol thrift that counts and allocates nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lade/core/cursor.h"
#include "lade/core/limits.h"

namespace lade::io {

enum class ThriftType : std::uint8_t {
  stop,
  boolean_true,
  boolean_false,
  byte,
  i16,
  i32,
  i64,
  f64,
  binary,
  list,
  set,
  map,
  structure,
  uuid
};

struct ThriftField {
  ThriftType type = ThriftType::stop;
  std::int32_t id = 0;
};

struct ThriftList {
  ThriftType type = ThriftType::stop;
  std::uint64_t size = 0;
};

/// Reads values one by one; whoever knows the structure asks for them, the rest is
/// skipped.
///
/// Errors: DataError with the rule given (a cut, a type that does not exist, a number
/// of
///         more than 64 bits) and `limits.max_nesting`, `limits.max_value_bytes`,
///         `limits.max_metadata_memory` (512 bytes for each struct met, 64 for each
///         text, and the texts).
class ThriftWalk {
 public:
  ThriftWalk(std::span<const std::byte> bytes, std::string source, std::string rule,
             const Limits& limits);

  /// The next field header; type `stop` ends the struct. `id` of the last field in it
  /// is the caller's to keep.
  ThriftField field(std::int32_t last_id);
  ThriftList list();
  std::int64_t number();    // of any integer type
  std::int32_t number32();  // refused if it does not fit
  std::string_view text();
  /// Counts one struct and one level of nesting for as long as the object lives.
  class Level {
   public:
    explicit Level(ThriftWalk& walk);
    ~Level();
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ThriftWalk& walk_;
  };
  void skip(ThriftType type);
  /// Throws unless the field has the type it must have.
  void expect(ThriftField field, ThriftType type);

  Index offset() const { return cursor_.offset(); }
  [[noreturn]] void fail(std::string_view what) const { cursor_.fail(what); }
  [[noreturn]] void fail_limit(std::string_view limit, Index allowed,
                               std::uint64_t got) const;
  const Limits& limits() const { return limits_; }

 private:
  std::uint64_t varint();
  void skip_list();
  void skip_map();
  void skip_struct();
  void charge(Index bytes);

  Cursor cursor_;
  std::string source_;
  const Limits& limits_;
  Index depth_ = 0;
  Index memory_ = 0;
};

/// Walks a struct: `on_field(field)` returns true if it has read the value.
template <class OnField>
void walk_struct(ThriftWalk& walk, OnField on_field) {
  const ThriftWalk::Level level(walk);
  std::int32_t last = 0;
  for (;;) {
    const ThriftField field = walk.field(last);
    if (field.type == ThriftType::stop) return;
    last = field.id;
    if (!on_field(field)) walk.skip(field.type);
  }
}

}  // namespace lade::io
