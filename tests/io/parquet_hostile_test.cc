// SPDX-License-Identifier: Apache-2.0
// Files cut, flipped and lied in: an error or values, never anything else.
#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include "lade/core/memory.h"
#include "lade/io/file_memory.h"
#include "lade/io/parquet.h"
#include "lade/io/parquet_footer.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

const char* const kGolden[] = {"flat.v1.parquet", "plain.v1.parquet"};

std::string golden(const std::string& name) {
  return testing::slurp(std::string(LADE_TEST_DATA) + "/" + name);
}

enum class Outcome { read, refused };

Limits small_limits() {
  Limits limits;
  limits.max_block_bytes = Index{16} << 20;
  limits.max_decoded_floor = Index{16} << 20;
  limits.max_metadata_memory = Index{16} << 20;
  return limits;
}

// Anything but a DataError (or a refused allocation) ends the test.
Outcome read_everything(MemoryFiles& files) {
  const auto ledger = std::make_shared<Ledger>(Index{64} << 20);
  const auto pool = make_ledger_pool(ledger);
  Outcome outcome = Outcome::read;
  try {
    const ParquetFile file(files, "t.parquet", small_limits());
    for (Index g = 0; g < file.row_groups(); ++g) {
      for (const std::string& name : file.schema().names()) file.statistics(g, name);
      const auto chunk = file.read_chunk(g, {}, pool.get());
      EXPECT_EQ(chunk->rows, file.row_group_rows(g));
    }
  } catch (const DataError& error) {
    EXPECT_FALSE(error.place().rule.empty());
    EXPECT_EQ(error.place().source, "t.parquet");
    outcome = Outcome::refused;
  } catch (const std::bad_alloc&) {
    outcome = Outcome::refused;
  }
  EXPECT_EQ(ledger->used(), 0);
  return outcome;
}

Outcome read_bytes(const std::string& bytes) {
  MemoryFiles files;
  files.put("t.parquet", bytes);
  return read_everything(files);
}

// One bit of each byte; all eight of them with LADE_TEST_EVERY_BIT in the environment.
std::vector<int> bits_to_flip(std::size_t at) {
  if (std::getenv("LADE_TEST_EVERY_BIT") != nullptr) return {0, 1, 2, 3, 4, 5, 6, 7};
  return {static_cast<int>(at % 8)};
}

TEST(HostileParquet, GoldenFilesAreRead) {
  for (const char* name : kGolden) {
    EXPECT_EQ(read_bytes(golden(name)), Outcome::read) << name;
  }
}

TEST(HostileParquet, EveryCutIsRefused) {
  for (const char* name : kGolden) {
    const std::string bytes = golden(name);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      ASSERT_EQ(read_bytes(bytes.substr(0, n)), Outcome::refused)
          << name << " at " << n;
    }
  }
}

TEST(HostileParquet, FlippedBitsOfTheFooterAreHarmless) {
  for (const char* name : kGolden) {
    const std::string bytes = golden(name);
    std::uint32_t footer = 0;
    std::memcpy(&footer, bytes.data() + bytes.size() - 8, 4);
    for (std::size_t at = bytes.size() - 8 - footer; at < bytes.size(); ++at) {
      for (const int bit : bits_to_flip(at)) {
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        read_bytes(flipped);
      }
    }
  }
}

// Ours carries a checksum in every page, so no flip in a page body passes.
TEST(HostileParquet, FlippedBitsOfAPageAreHarmlessAndMostAreSeen) {
  const std::string bytes = golden(kGolden[0]);
  std::uint32_t footer = 0;
  std::memcpy(&footer, bytes.data() + bytes.size() - 8, 4);
  int read = 0;
  int flips = 0;
  for (std::size_t at = 4; at + 8 + footer < bytes.size(); ++at) {
    for (const int bit : bits_to_flip(at)) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      read += read_bytes(flipped) == Outcome::read ? 1 : 0;
      ++flips;
    }
  }
  // What passes lies in page headers (statistics) and in the page index, which is not
  // used.
  RecordProperty("flips", flips);
  RecordProperty("undetected", read);
  EXPECT_LT(read, flips / 3);
}

TEST(HostileParquet, RandomBytesInPlainPagesAreHarmless) {
  const std::string bytes = golden(kGolden[1]);
  std::mt19937_64 random(7);
  for (int turn = 0; turn < 1000; ++turn) {
    std::string changed = bytes;
    for (int k = 0; k < 4; ++k) {
      changed[random() % changed.size()] = static_cast<char>(random() & 255);
    }
    read_bytes(changed);
  }
}

TEST(HostileParquet, RefusesBytesBeforeOrAfterTheFile) {
  const std::string bytes = golden(kGolden[0]);
  EXPECT_EQ(read_bytes(bytes + "PAR1"), Outcome::refused);
  EXPECT_EQ(read_bytes("PAR1" + bytes), Outcome::refused);
}

// Compact thrift, written by hand.
class Thrift {
 public:
  Thrift& field(int type, int id) {
    text_ += static_cast<char>((id - last_) << 4 | type);
    last_ = id;
    return *this;
  }
  Thrift& varint(std::uint64_t v) {
    for (; v >= 128; v >>= 7) text_ += static_cast<char>(v | 128);
    text_ += static_cast<char>(v);
    return *this;
  }
  Thrift& number(std::int64_t v) {
    return varint(static_cast<std::uint64_t>(v) << 1 ^
                  static_cast<std::uint64_t>(v >> 63));
  }
  Thrift& i32(int id, std::int64_t v) { return field(5, id).number(v); }
  Thrift& i64(int id, std::int64_t v) { return field(6, id).number(v); }
  Thrift& text(int id, const std::string& v) {
    field(8, id).varint(v.size());
    text_ += v;
    return *this;
  }
  Thrift& structs(int id, const std::vector<std::string>& items) {
    field(9, id);
    text_ += static_cast<char>(0xF0 | 12);
    varint(items.size());
    for (const std::string& item : items) text_ += item;
    return *this;
  }
  Thrift& structure(int id, const std::string& item) {
    field(12, id);
    text_ += item;
    return *this;
  }
  std::string end() const { return text_ + '\0'; }

 private:
  std::string text_;
  int last_ = 0;
};

struct Lie {
  std::int64_t rows = 10;
  std::int64_t group_rows = 10;
  std::int64_t values = 10;
  std::int64_t decoded = 80;
  std::int64_t stored = 80;
  std::int64_t offset = 4;
  std::int64_t children = 1;
};

std::string footer_of(const Lie& lie) {
  const std::string column = Thrift()
                                 .i32(1, 2)
                                 .structs(2, {})
                                 .structs(3, {})
                                 .i32(4, 0)
                                 .i64(5, lie.values)
                                 .i64(6, lie.decoded)
                                 .i64(7, lie.stored)
                                 .i64(9, lie.offset)
                                 .end();
  const std::string chunk = Thrift().i64(2, 4).structure(3, column).end();
  const std::string group =
      Thrift().structs(1, {chunk}).i64(2, 80).i64(3, lie.group_rows).end();
  const std::string root = Thrift().text(4, "schema").i32(5, lie.children).end();
  const std::string leaf = Thrift().i32(1, 2).i32(3, 0).text(4, "x").end();
  return Thrift()
      .i32(1, 1)
      .structs(2, {root, leaf})
      .i64(3, lie.rows)
      .structs(4, {group})
      .end();
}

std::string rule_of(const std::string& footer, Index file_bytes = 10'000,
                    const Limits& limits = {}) {
  try {
    check_footer(footer, file_bytes, "t.parquet", limits);
  } catch (const DataError& error) {
    return error.place().rule;
  }
  return "";
}

TEST(CheckFooter, PassesAnHonestOne) {
  const ParquetFooter footer = check_footer(footer_of({}), 10'000, "t.parquet", {});
  EXPECT_EQ(footer.rows, 10);
  EXPECT_EQ(footer.columns, 1);
  EXPECT_EQ(footer.group_rows, std::vector<Index>{10});
  EXPECT_EQ(footer.chunks[0].offset, 4);
  EXPECT_EQ(footer.chunks[0].bytes, 80);
}

TEST(CheckFooter, RefusesEveryHostileCount) {
  const std::int64_t hostile[] = {
      -1,        INT64_MIN,       INT64_MAX, (1LL << 31) - 1,
      1LL << 31, (1LL << 32) - 1, 1LL << 32, 9'950};
  for (const std::int64_t v : hostile) {
    EXPECT_NE(rule_of(footer_of({.rows = v})), "") << v;
    EXPECT_NE(rule_of(footer_of({.group_rows = v})), "") << v;
    EXPECT_NE(rule_of(footer_of({.values = v})), "") << v;
    EXPECT_NE(rule_of(footer_of({.stored = v})), "") << v;
    EXPECT_NE(rule_of(footer_of({.offset = v})), "") << v;
    EXPECT_NE(rule_of(footer_of({.children = v})), "") << v;
  }
  EXPECT_NE(rule_of(footer_of({.decoded = -1})), "");
  EXPECT_NE(rule_of(footer_of({.offset = 3})), "");
  EXPECT_NE(rule_of(footer_of({.rows = -5, .group_rows = -5, .values = -5})), "");
}

TEST(CheckFooter, RatioRuleHasAFloorAndAFactor) {
  const auto rule = [](std::int64_t rows, Index file_bytes) {
    return rule_of(footer_of({.rows = rows, .group_rows = rows, .values = rows}),
                   file_bytes);
  };
  EXPECT_EQ(rule(100'000'000, 1'000), "");               // 0.8 GB
  EXPECT_EQ(rule(200'000'000, 1'000), "parquet.ratio");  // 1.6 GB
  EXPECT_EQ(rule(1'000'000'000, 2'000'000), "");         // ratio 4,000
  EXPECT_EQ(rule(4'000'000'000'000'000 / 8, 42'000), "parquet.ratio");
  EXPECT_EQ(rule(INT64_MAX / 8 + 1, 42'000), "parquet.ratio");  // 64 bits wrap
}

TEST(CheckFooter, RefusesAThriftAmplifier) {
  // A list of many empty structs: a byte each in the file, 512 when decoded.
  std::vector<std::string> empty(3'000'000, std::string(1, '\0'));
  const std::string footer = Thrift().i32(1, 1).structs(7, empty).end();
  EXPECT_EQ(rule_of(footer), "limits.max_metadata_memory");
}

TEST(CheckFooter, RefusesDeepNestingAndLongLists) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += static_cast<char>(0x1C);
  EXPECT_EQ(rule_of(deep), "limits.max_nesting");
  std::string lists = Thrift().i32(1, 1).end();
  lists.pop_back();
  lists += static_cast<char>(6 << 4 | 9);
  lists += static_cast<char>(0xF6);
  lists += "\xFF\xFF\xFF\xFF\x0F";
  EXPECT_EQ(rule_of(lists), "parquet.footer");
}

TEST(CheckFooter, RefusesEveryCut) {
  const std::string footer = footer_of({});
  for (std::size_t n = 0; n < footer.size(); ++n) {
    EXPECT_NE(rule_of(footer.substr(0, n)), "") << n;
  }
}

TEST(CheckFooter, RefusesExternalAndEncryptedColumns) {
  const std::string chunk = Thrift().text(1, "other.parquet").i64(2, 4).end();
  const std::string group = Thrift().structs(1, {chunk}).i64(2, 80).i64(3, 10).end();
  const std::string root = Thrift().text(4, "schema").i32(5, 1).end();
  const std::string leaf = Thrift().i32(1, 2).i32(3, 0).text(4, "x").end();
  const auto start = Thrift().i32(1, 1).structs(2, {root, leaf}).i64(3, 10);
  EXPECT_EQ(rule_of(Thrift(start).structs(4, {group}).end()), "parquet.external");
  EXPECT_EQ(
      rule_of(Thrift(start).structs(4, {}).structure(8, std::string(1, '\0')).end()),
      "parquet.encrypted");
}

std::string page_of(std::int64_t type, std::int64_t decoded, std::int64_t stored,
                    std::int64_t values, const std::string& body) {
  const std::string data = Thrift().i32(1, values).i32(2, 0).i32(3, 3).i32(4, 3).end();
  return Thrift()
             .i32(1, type)
             .i32(2, decoded)
             .i32(3, stored)
             .structure(type == 2 ? 7 : 5, data)
             .end() +
         body;
}

std::string page_rule(const std::string& chunk, Index rows, const Limits& limits = {}) {
  try {
    check_pages(std::as_bytes(std::span(chunk)), rows, 1000, "t.parquet", limits);
  } catch (const DataError& error) {
    EXPECT_GE(error.place().offset.value_or(0), 1000);
    return error.place().rule;
  }
  return "";
}

TEST(CheckPages, CountsPagesAndValues) {
  const std::string chunk = page_of(2, 8, 8, 1, "12345678") +
                            page_of(0, 4, 4, 6, "abcd") + page_of(0, 4, 4, 4, "efgh");
  const PageCounts counts =
      check_pages(std::as_bytes(std::span(chunk)), 10, 0, "t.parquet", {});
  EXPECT_EQ(counts.pages, 3);
  EXPECT_EQ(counts.unverified, 3);
  EXPECT_EQ(page_rule(chunk, 11), "parquet.values");
  EXPECT_EQ(page_rule(chunk, 9), "parquet.values");
}

TEST(CheckPages, RefusesEveryHostileCount) {
  for (const std::int64_t v : {std::int64_t{-1}, std::int64_t{INT32_MIN},
                               std::int64_t{5}, std::int64_t{INT32_MAX},
                               std::int64_t{INT32_MAX} + 1, std::int64_t{INT64_MAX}}) {
    EXPECT_NE(page_rule(page_of(0, 4, v, 10, "abcd"), 10), "") << v;
    EXPECT_NE(page_rule(page_of(0, 4, 4, v, "abcd"), 3), "") << v;
    if (v != 5 && v != INT32_MAX) {
      EXPECT_NE(page_rule(page_of(0, v, 4, 10, "abcd"), 10), "") << v;
    }
  }
  EXPECT_NE(page_rule(page_of(7, 4, 4, 10, "abcd"), 10), "");
  EXPECT_EQ(page_rule(page_of(2, 4, 4, 1 << 27, "abcd"), 10),
            "limits.max_dictionary_entries");
  // A flood of empty pages ends with its bytes.
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += page_of(0, 0, 0, 0, "");
  EXPECT_EQ(page_rule(flood, 10), "parquet.values");
}

}  // namespace
}  // namespace lade::io
