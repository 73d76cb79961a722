// SPDX-License-Identifier: Apache-2.0
#include "lade/io/parquet_thrift.h"

#include <limits>

namespace lade::io {
namespace {

constexpr Index kStructBytes = 512;
constexpr Index kTextBytes = 64;
constexpr unsigned kLastType = static_cast<unsigned>(ThriftType::uuid);

std::int64_t zigzag(std::uint64_t v) {
  return static_cast<std::int64_t>((v >> 1) ^ (~(v & 1) + 1));
}

}  // namespace

ThriftWalk::ThriftWalk(std::span<const std::byte> bytes, std::string source,
                       std::string rule, const Limits& limits)
    : cursor_(bytes, source, std::move(rule)),
      source_(std::move(source)),
      limits_(limits) {}

void ThriftWalk::fail_limit(std::string_view limit, Index allowed,
                            std::uint64_t got) const {
  throw DataError({.source = source_,
                   .offset = offset(),
                   .rule = "limits." + std::string(limit),
                   .value = std::to_string(got)},
                  std::string(limit) + " is " + std::to_string(allowed) + ", got " +
                      std::to_string(got));
}

void ThriftWalk::charge(Index bytes) {
  memory_ += bytes;  // each call adds at most the bytes of the input and a constant
  if (memory_ > limits_.max_metadata_memory) {
    fail_limit("max_metadata_memory", limits_.max_metadata_memory,
               static_cast<std::uint64_t>(memory_));
  }
}

ThriftWalk::Level::Level(ThriftWalk& walk) : walk_(walk) {
  if (++walk_.depth_ > walk_.limits_.max_nesting) {
    walk_.fail_limit("max_nesting", walk_.limits_.max_nesting,
                     static_cast<std::uint64_t>(walk_.depth_));
  }
  walk_.charge(kStructBytes);
}
ThriftWalk::Level::~Level() { --walk_.depth_; }

std::uint64_t ThriftWalk::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = cursor_.u8();
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  fail("a number must have at most 10 bytes");
}

std::int64_t ThriftWalk::number() { return zigzag(varint()); }

std::int32_t ThriftWalk::number32() {
  const std::int64_t value = number();
  if (value < std::numeric_limits<std::int32_t>::min() ||
      value > std::numeric_limits<std::int32_t>::max()) {
    fail("a number must fit 32 bits, got " + std::to_string(value));
  }
  return static_cast<std::int32_t>(value);
}

std::string_view ThriftWalk::text() {
  const std::uint64_t bytes = varint();
  if (bytes > static_cast<std::uint64_t>(limits_.max_value_bytes)) {
    fail_limit("max_value_bytes", limits_.max_value_bytes, bytes);
  }
  const std::string_view value = cursor_.text(bytes);
  charge(kTextBytes + static_cast<Index>(bytes));
  return value;
}

ThriftField ThriftWalk::field(std::int32_t last_id) {
  const unsigned head = cursor_.u8();
  if (head == 0) return {};
  const unsigned type = head & 15;
  if (type == 0 || type > kLastType)
    fail("field type " + std::to_string(type) + " is unknown");
  const unsigned delta = head >> 4;
  const std::int64_t id = delta != 0 ? std::int64_t{last_id} + delta : number();
  if (id < 0 || id > std::numeric_limits<std::int16_t>::max()) {
    fail("field id must be in [0, 32767], got " + std::to_string(id));
  }
  return {static_cast<ThriftType>(type), static_cast<std::int32_t>(id)};
}

ThriftList ThriftWalk::list() {
  const unsigned head = cursor_.u8();
  const unsigned type = head & 15;
  if (type == 0 || type > kLastType)
    fail("list type " + std::to_string(type) + " is unknown");
  std::uint64_t size = head >> 4;
  if (size == 15) size = varint();
  // Every element takes a byte or more.
  if (size > cursor_.left()) {
    fail("a list of " + std::to_string(size) + " needs as many bytes, " +
         std::to_string(cursor_.left()) + " left");
  }
  charge(static_cast<Index>(size) * 16);
  return {static_cast<ThriftType>(type), size};
}

void ThriftWalk::expect(ThriftField field, ThriftType type) {
  if (field.type == type) return;
  fail("field " + std::to_string(field.id) + " has the wrong type");
}

void ThriftWalk::skip_list() {
  const Level level(*this);
  const ThriftList elements = list();
  for (std::uint64_t i = 0; i < elements.size; ++i) {
    // In a list a boolean is a byte, unlike in a field.
    const bool flag = elements.type == ThriftType::boolean_true ||
                      elements.type == ThriftType::boolean_false;
    skip(flag ? ThriftType::byte : elements.type);
  }
}

void ThriftWalk::skip_map() {
  const Level level(*this);
  const std::uint64_t size = varint();
  if (size == 0) return;
  const unsigned types = cursor_.u8();
  const unsigned key = types >> 4;
  const unsigned value = types & 15;
  if (key == 0 || key > kLastType || value == 0 || value > kLastType)
    fail("map type is unknown");
  for (std::uint64_t i = 0; i < size; ++i) {
    for (const unsigned type : {key, value}) {
      const bool flag = type == 1 || type == 2;
      skip(flag ? ThriftType::byte : static_cast<ThriftType>(type));
    }
  }
}

void ThriftWalk::skip_struct() {
  walk_struct(*this, [](ThriftField) { return false; });
}

void ThriftWalk::skip(ThriftType type) {
  switch (type) {
    case ThriftType::stop:
    case ThriftType::boolean_true:
    case ThriftType::boolean_false:
      return;
    case ThriftType::byte:
      cursor_.take(1);
      return;
    case ThriftType::i16:
    case ThriftType::i32:
    case ThriftType::i64:
      varint();
      return;
    case ThriftType::f64:
      cursor_.take(8);
      return;
    case ThriftType::binary:
      text();
      return;
    case ThriftType::list:
    case ThriftType::set:
      skip_list();
      return;
    case ThriftType::map:
      skip_map();
      return;
    case ThriftType::structure:
      skip_struct();
      return;
    case ThriftType::uuid:
      cursor_.take(16);
      return;
  }
}

}  // namespace lade::io
