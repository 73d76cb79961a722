// SPDX-License-Identifier: Apache-2.0
// Source: parquet.thrift of Apache Parquet Format 2.11, PageHeader.
#include <string_view>

#include "lade/io/parquet_footer.h"
#include "lade/io/parquet_thrift.h"

namespace lade::io {
namespace {

constexpr std::int32_t kData = 0;  // 1 is of index pages
constexpr std::int32_t kDictionary = 2;
constexpr std::int32_t kDataV2 = 3;

struct PageHeader {
  std::int32_t type = -1;
  std::int32_t decoded = -1;
  std::int32_t stored = -1;
  bool checksum = false;
  std::int32_t values = -1;   // of data pages
  std::int32_t entries = -1;  // of dictionary pages
  std::int32_t levels[2] = {0,
                            0};  // bytes of definition and repetition levels, version 2
};

void numbers(ThriftWalk& walk, std::int32_t* one, std::int32_t* five,
             std::int32_t* six) {
  walk_struct(walk, [&](ThriftField field) {
    std::int32_t* to = field.id == 1   ? one
                       : field.id == 5 ? five
                       : field.id == 6 ? six
                                       : nullptr;
    if (to == nullptr || field.type != ThriftType::i32) return false;
    *to = walk.number32();
    return true;
  });
}

// 1 type, 2 uncompressed, 3 compressed, 4 crc, 5 data, 7 dictionary, 8 data version 2
PageHeader read_header(ThriftWalk& walk) {
  PageHeader page;
  walk_struct(walk, [&](ThriftField field) {
    switch (field.id) {
      case 1:
        walk.expect(field, ThriftType::i32);
        page.type = walk.number32();
        return true;
      case 2:
        walk.expect(field, ThriftType::i32);
        page.decoded = walk.number32();
        return true;
      case 3:
        walk.expect(field, ThriftType::i32);
        page.stored = walk.number32();
        return true;
      case 4:
        page.checksum = true;
        return false;
      case 5:
        walk.expect(field, ThriftType::structure);
        numbers(walk, &page.values, nullptr, nullptr);
        return true;
      case 7:
        walk.expect(field, ThriftType::structure);
        numbers(walk, &page.entries, nullptr, nullptr);
        return true;
      case 8:
        walk.expect(field, ThriftType::structure);
        numbers(walk, &page.values, &page.levels[0], &page.levels[1]);
        return true;
      default:
        return false;
    }
  });
  return page;
}

class PagesWalk {
 public:
  PagesWalk(std::span<const std::byte> chunk, Index offset, const std::string& source,
            const Limits& limits)
      : chunk_(chunk), offset_(offset), source_(source), limits_(limits) {}

  PageCounts run(Index rows) {
    PageCounts counts;
    Index left = rows;
    while (left > 0) {
      if (at_ >= static_cast<Index>(chunk_.size())) {
        refuse("parquet.values", "the pages end, " + std::to_string(left) + " of " +
                                     std::to_string(rows) + " values are missing");
      }
      const PageHeader page = next();
      check(page);
      ++counts.pages;
      if (!page.checksum) ++counts.unverified;
      if (page.type != kData && page.type != kDataV2) continue;
      if (page.values > left) {
        refuse("parquet.values", "a page of " + std::to_string(page.values) +
                                     " values, " + std::to_string(left) + " are left");
      }
      left -= page.values;
    }
    return counts;
  }

 private:
  [[noreturn]] void refuse(const std::string& rule, const std::string& what) const {
    throw DataError({.source = source_, .offset = offset_ + at_, .rule = rule}, what);
  }

  PageHeader next() {
    try {
      ThriftWalk walk(chunk_.subspan(static_cast<std::size_t>(at_)), source_,
                      "parquet.page", limits_);
      const PageHeader page = read_header(walk);
      body_ = at_ + walk.offset();
      return page;
    } catch (const DataError& error) {
      Place place =
          error.place();  // the walk counts from the page, the reader from the file
      place.offset = place.offset.value_or(0) + offset_ + at_;
      throw DataError(place, error.detail());
    }
  }

  void check(const PageHeader& page) {
    const Index left = static_cast<Index>(chunk_.size()) - body_;
    if (page.type < kData || page.type > kDataV2 || page.decoded < 0 ||
        page.stored < 0) {
      refuse("parquet.page", "the page header is incomplete");
    }
    if (page.stored > left) {
      refuse("parquet.page", "the page needs " + std::to_string(page.stored) +
                                 " bytes, " + std::to_string(left) +
                                 " left in its column");
    }
    if (page.decoded > limits_.max_block_bytes) {
      refuse("limits.max_block_bytes",
             "max_block_bytes is " + std::to_string(limits_.max_block_bytes) +
                 ", the page has " + std::to_string(page.decoded));
    }
    const bool data = page.type == kData || page.type == kDataV2;
    if (data && page.values < 0)
      refuse("parquet.page", "a data page without a value count");
    if (page.type == kDictionary && page.entries < 0) {
      refuse("parquet.page", "a dictionary page without an entry count");
    }
    if (page.entries > limits_.max_dictionary_entries) {
      refuse("limits.max_dictionary_entries",
             "max_dictionary_entries is " +
                 std::to_string(limits_.max_dictionary_entries) + ", got " +
                 std::to_string(page.entries));
    }
    if (page.levels[0] < 0 || page.levels[1] < 0 ||
        Index{page.levels[0]} + page.levels[1] > page.stored ||
        Index{page.levels[0]} + page.levels[1] > page.decoded) {
      if (page.type == kDataV2) refuse("parquet.page", "levels longer than the page");
    }
    at_ = body_ + page.stored;
  }

  std::span<const std::byte> chunk_;
  Index offset_;
  const std::string& source_;
  const Limits& limits_;
  Index at_ = 0;
  Index body_ = 0;
};

}  // namespace

PageCounts check_pages(std::span<const std::byte> chunk, Index rows, Index offset,
                       const std::string& source, const Limits& limits) {
  return PagesWalk(chunk, offset, source, limits).run(rows);
}

}  // namespace lade::io
