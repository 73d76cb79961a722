// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index_layout.h"

#include <cstring>
#include <utility>

#include "lade/core/error.h"

namespace lade::io {

namespace {

constexpr Index kMaxMetadata = Index{64} << 20;

/// Numbers and tables of a FlatBuffer, every access checked.
class Flat {
 public:
  Flat(std::span<const std::byte> bytes, std::string source)
      : bytes_(bytes), source_(std::move(source)) {}

  template <class T>
  T number(Index at) const {
    if (at < 0 ||
        at > static_cast<Index>(bytes_.size()) - static_cast<Index>(sizeof(T)))
      fail();
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return value;
  }
  Index root() const { return follow(0); }
  /// Place of field `f` of the table at `table`, -1 if it is left out.
  Index field(Index table, Index f) const {
    const Index vtable = table - number<std::int32_t>(table);
    const Index entry = 4 + 2 * f;
    if (entry + 2 > number<std::uint16_t>(vtable)) return -1;
    const auto offset = number<std::uint16_t>(vtable + entry);
    return offset == 0 ? -1 : table + offset;
  }
  template <class T>
  T value(Index table, Index f, T otherwise) const {
    const Index at = field(table, f);
    return at < 0 ? otherwise : number<T>(at);
  }
  /// Target of the offset stored at `at`.
  Index follow(Index at) const { return at + number<std::uint32_t>(at); }
  /// Elements of the vector in field `f`: place of the first and how many; each `size`
  /// bytes.
  struct Vector {
    Index first = 0;
    Index count = 0;
  };
  Vector vector(Index table, Index f, Index size) const {
    const Index at = field(table, f);
    if (at < 0) return {};
    const Index start = follow(at);
    const Vector out{start + 4, number<std::uint32_t>(start)};
    if (out.count * size > static_cast<Index>(bytes_.size()) - out.first) fail();
    return out;
  }
  std::string text(Index table, Index f) const {
    const Vector v = vector(table, f, 1);
    return {reinterpret_cast<const char*>(bytes_.data()) + v.first,
            static_cast<std::size_t>(v.count)};
  }
  [[noreturn]] void fail() const {
    throw DataError({source_, {}, {}, "", "index.layout", ""},
                    "not the layout that was written");
  }

 private:
  std::span<const std::byte> bytes_;
  std::string source_;
};

class LayoutReader {
 public:
  LayoutReader(const std::string& source, Index bytes,
               const std::function<void(Index, std::span<std::byte>)>& read)
      : source_(source), bytes_(bytes), read_(read) {}

  ColumnLayout layout() {
    const auto tail = take(bytes_ - 10, 10);
    if (std::memcmp(tail.data() + 4, "ARROW1", 6) != 0) fail("no magic at the end");
    std::int32_t length = 0;
    std::memcpy(&length, tail.data(), 4);
    const auto footer_bytes = take(bytes_ - 10 - length, length);
    const Flat footer(footer_bytes, source_);
    const Index root = footer.root();
    if (footer.vector(root, 2, 24).count != 0) fail("it has dictionaries");
    const auto blocks = footer.vector(root, 3, 24);
    ColumnLayout out;
    Index end = 0;
    for (Index b = 0; b < blocks.count; ++b) {
      const Index at = blocks.first + b * 24;
      const auto offset = footer.number<std::int64_t>(at);
      const auto metadata = footer.number<std::int32_t>(at + 8);
      if (offset < end) fail("batches overlap");
      out.batches.push_back(
          batch(offset, metadata, footer.number<std::int64_t>(at + 16)));
      end = offset + metadata;
    }
    if (const Index schema = footer.field(root, 1); schema >= 0) {
      const Index table = footer.follow(schema);
      const auto pairs = footer.vector(table, 2, 4);
      std::size_t copied = 0;
      for (Index p = 0; p < pairs.count; ++p) {
        const Index pair = footer.follow(pairs.first + p * 4);
        std::string key = footer.text(pair, 0);
        std::string value = footer.text(pair, 1);
        copied += key.size() + value.size();
        if (copied > footer_bytes.size()) fail("its texts overlap");
        out.metadata[std::move(key)] = std::move(value);
      }
    }
    return out;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError({source_, {}, {}, "", "index.layout", ""}, what);
  }

  std::vector<std::byte> take(Index offset, Index count) const {
    if (offset < 0 || count < 0 || count > kMaxMetadata || offset > bytes_ - count) {
      fail("points outside the file");
    }
    std::vector<std::byte> out(static_cast<std::size_t>(count));
    read_(offset, out);
    return out;
  }

  BatchLayout batch(Index offset, Index metadata, Index body) const {
    if (metadata < 8 || body < 0 || body > bytes_) fail("points outside the file");
    const auto bytes = take(offset, metadata);
    const Flat message(std::span<const std::byte>(bytes).subspan(8), source_);
    const Index root = message.root();
    constexpr int kRecordBatch = 3;
    if (message.value<std::uint8_t>(root, 1, 0) != kRecordBatch)
      fail("not a record batch");
    const Index header_at = message.field(root, 2);
    if (header_at < 0) fail("a message without header");
    const Index header = message.follow(header_at);
    if (message.field(header, 3) >= 0) fail("it is compressed");
    BatchLayout out;
    out.rows = message.value<std::int64_t>(header, 0, 0);
    const Index start = offset + metadata;
    const auto buffers = message.vector(header, 2, 16);
    for (Index b = 0; b < buffers.count; ++b) {
      const auto at = message.number<std::int64_t>(buffers.first + b * 16);
      const auto size = message.number<std::int64_t>(buffers.first + b * 16 + 8);
      if (at < 0 || size < 0 || at > body || size > body - at ||
          start > bytes_ - body) {
        fail("points outside the file");
      }
      out.buffers.push_back({start + at, size});
    }
    return out;
  }

  const std::string& source_;
  Index bytes_;
  const std::function<void(Index, std::span<std::byte>)>& read_;
};

}  // namespace

ColumnLayout read_column_layout(
    const std::string& source, Index bytes,
    const std::function<void(Index, std::span<std::byte>)>& read) {
  return LayoutReader(source, bytes, read).layout();
}

}  // namespace lade::io
