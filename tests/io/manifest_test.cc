// SPDX-License-Identifier: Apache-2.0
#include "lade/io/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "lade/core/hash.h"
#include "lade/io/file_memory.h"
#include "tests/testing/datasets.h"
#include "tests/testing/faulty_files.h"

namespace lade::io {
namespace {

Manifest sample() {
  Manifest manifest;
  manifest.kind = "dataset";
  manifest.created_by = "lade 0.1.0";
  manifest.files = {{"part-00000.parquet", 4096, 70'000, 1, 0xffffffffffffffff},
                    {"sub/caf\xc3\xa9.parquet", 10, 0, 2, 3}};
  manifest.schema.fields = {
      {"id", {.kind = Kind::i64}, false},
      {"day", {.kind = Kind::time, .unit = TimeUnit::s, .date = true}, true},
      {"at",
       {.kind = Kind::time, .unit = TimeUnit::ns, .date = false, .zone = "UTC"},
       true},
      {"place", {.kind = Kind::text}, true}};
  manifest.set_text("entity", "id");
  manifest.set_integer("events", 70'000);
  manifest.more["policies"] = R"({"on_bad":"skip","max_bad":0.01})";
  return manifest;
}

std::string rule_of(const std::string& text, const Limits& limits = {}) {
  try {
    parse_manifest(text, "m.json", limits);
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().source, "m.json");
    return error.place().rule;
  }
  return "";
}

// A text with the right check: what an attacker who knows the rule would write.
std::string signed_text(const std::string& body) {
  const std::string canonical = canonical_json(body);
  return canonical.substr(0, canonical.size() - 1) + ",\"check\":\"" +
         hex(xxh3_64(canonical)) + "\"}";
}

std::string body(const std::string& path, const std::string& more = "") {
  return R"({"lade_manifest":1,"kind":"dataset","created_by":"x","schema":[],"files":[{"path":")" +
         path + R"(","bytes":1,"rows":1,"footer_xxh3":"0000000000000000",)" +
         R"("xxh3":"0000000000000000"}])" + more + "}";
}

TEST(Manifest, KeepsEverything) {
  const Manifest manifest = sample();
  const Manifest read = parse_manifest(manifest_text(manifest), "m.json");
  EXPECT_EQ(read.files, manifest.files);
  EXPECT_EQ(read.schema, manifest.schema);
  EXPECT_EQ(read.kind, "dataset");
  EXPECT_EQ(read.created_by, "lade 0.1.0");
  EXPECT_EQ(read.text("entity"), "id");
  EXPECT_EQ(read.integer("events"), 70'000);
  EXPECT_EQ(read.text("none"), std::nullopt);
  EXPECT_EQ(read.more.at("policies"), R"({"max_bad":0.01,"on_bad":"skip"})");
  EXPECT_EQ(manifest_text(read), manifest_text(manifest));
  ASSERT_NE(read.find("part-00000.parquet"), nullptr);
  EXPECT_EQ(read.find("part-00000.parquet")->rows, 70'000);
  EXPECT_EQ(read.find("other"), nullptr);
}

TEST(Manifest, RefusesAMemberOfAnotherType) {
  const Manifest manifest = sample();
  EXPECT_THROW(manifest.integer("entity"), DataError);
  EXPECT_THROW(manifest.text("events"), DataError);
}

TEST(Manifest, RefusesPathsThatLeaveTheDirectory) {
  for (const char* path : {"/etc/passwd", "../x", "a/../b", "s3://b/x", "C:x", "a//b",
                           "./a", "", "a\\\\b", "a\\u0000b"}) {
    EXPECT_EQ(rule_of(signed_text(body(path))), "manifest.path") << path;
  }
  EXPECT_EQ(rule_of(signed_text(body("a/b.parquet"))), "");
  Manifest manifest = sample();
  manifest.files[0].path = "../x";
  EXPECT_THROW(manifest_text(manifest), ArgumentError);
  manifest.files[0].path = manifest.files[1].path;
  EXPECT_THROW(manifest_text(manifest), ArgumentError);
}

TEST(Manifest, RefusesANewerVersionByName) {
  try {
    parse_manifest(R"({"lade_manifest":2,"other":true})", "m.json");
    FAIL() << "not refused";
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "manifest.version");
    EXPECT_NE(std::string(error.what()).find("newer Lade"), std::string::npos);
  }
  EXPECT_EQ(rule_of(R"({"kind":"dataset"})"), "manifest.version");
  EXPECT_EQ(rule_of(R"({"lade_manifest":"1"})"), "manifest.version");
}

TEST(Manifest, RefusesEveryCutAndEveryFlippedBit) {
  const Manifest manifest = sample();
  const std::string text = manifest_text(manifest);
  for (std::size_t n = 0; n < text.size(); ++n) {
    ASSERT_NE(rule_of(text.substr(0, n)), "") << n;
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[n] = static_cast<char>(flipped[n] ^ (1 << bit));
      if (rule_of(flipped).empty()) {
        // Only the case of a hex digit of `check` may differ.
        EXPECT_EQ(manifest_text(parse_manifest(flipped, "m.json")), text);
      }
    }
  }
}

TEST(Manifest, RefusesHostileMembers) {
  EXPECT_EQ(rule_of("[]"), "manifest.json");
  EXPECT_EQ(rule_of("null"), "manifest.json");
  EXPECT_EQ(rule_of(R"({"lade_manifest":1,"lade_manifest":1})"), "manifest.json");
  EXPECT_EQ(rule_of(std::string(100'000, '[')), "manifest.nesting");
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string text = body("a");
    return signed_text(text.replace(text.find(from), from.size(), to));
  };
  EXPECT_EQ(rule_of(changed(R"("bytes":1)", R"("bytes":-1)")), "manifest.member");
  EXPECT_EQ(rule_of(changed(R"("bytes":1)", R"("bytes":18446744073709551615)")),
            "manifest.member");
  EXPECT_EQ(rule_of(changed(R"("rows":1)", R"("rows":1.5)")), "manifest.member");
  EXPECT_EQ(rule_of(changed(R"("xxh3":"0000000000000000")", R"("xxh3":"00")")),
            "manifest.member");
  EXPECT_EQ(rule_of(changed(R"("kind":"dataset")", R"("kind":7)")), "manifest.member");
  EXPECT_EQ(
      rule_of(changed(R"("schema":[])", R"("schema":[{"name":"x","type":"zzz"}])")),
      "manifest.member");
}

TEST(Manifest, KeepsWhatReadingCameTo) {
  ReadReport report;
  report.rows_seen = 12;
  report.rows_given = 7;
  report.rows_filtered = 2;
  report.dropped[static_cast<int>(DropReason::short_row)] = 3;
  report.rows_out_of_order = 5;
  report.nulls_made = 1;
  report.unproven_end = true;
  Manifest manifest;
  EXPECT_FALSE(manifest.report());
  manifest.set_report(report);
  const auto kept = manifest.report();
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->balanced());
  EXPECT_EQ(kept->rows_seen, 12);
  EXPECT_EQ(kept->rows_given, 7);
  EXPECT_EQ(kept->rows_filtered, 2);
  EXPECT_TRUE(std::ranges::equal(kept->dropped, report.dropped));
  EXPECT_EQ(kept->rows_out_of_order, 5);
  EXPECT_EQ(kept->nulls_made, 1);
  EXPECT_TRUE(kept->unproven_end);
}

TEST(Manifest, RefusesAReportThatDoesNotAddUp) {
  const std::string rest =
      R"("rows_out_of_order":0,"nulls_made":0,"unproven_end":false)";
  const auto rule = [&rest](const std::string& counts) {
    Manifest manifest;
    manifest.more["read"] = "{" + counts + "," + rest + "}";
    return testing::rule_of([&] { manifest.report(); });
  };
  EXPECT_EQ(
      rule(
          R"("rows_seen":3,"rows_given":2,"rows_filtered":0,"dropped":{"short_row":1})"),
      "");
  for (
      const char* counts :
      {R"("rows_seen":3,"rows_given":2,"rows_filtered":0,"dropped":{})",
       R"("rows_seen":-1,"rows_given":-1,"rows_filtered":0,"dropped":{})",
       R"("rows_seen":1,"rows_given":1,"rows_filtered":0,"dropped":7)",
       R"("rows_seen":9223372036854775807,"rows_given":9223372036854775807,"rows_filtered":0,"dropped":{})",
       R"("rows_given":1,"rows_filtered":0,"dropped":{})"}) {
    EXPECT_EQ(rule(counts), "manifest.member") << counts;
  }
}

TEST(Manifest, RefusesMoreThanTheLimits) {
  const std::string text = manifest_text(sample());
  Limits files;
  files.max_files = 1;
  EXPECT_EQ(rule_of(text, files), "limits.max_files");
  Limits columns;
  columns.max_columns = 3;
  EXPECT_EQ(rule_of(text, columns), "limits.max_columns");
  Limits names;
  names.max_name_bytes = 10;
  EXPECT_EQ(rule_of(text, names), "limits.max_name_bytes");
  Limits nesting;
  nesting.max_nesting = 2;
  EXPECT_EQ(rule_of(text, nesting), "manifest.nesting");
}

TEST(Manifest, IsWrittenAfterTheNamesOfItsFilesAreDurable) {
  MemoryFiles memory;
  memory.put("d/part-00000.parquet", "x");
  memory.put("d/sub/caf\xc3\xa9.parquet", "x");
  EXPECT_EQ(read_manifest(memory, "d"), std::nullopt);
  testing::FaultyFiles counting(memory, {});
  write_manifest("d", sample(), {.files = &counting});
  EXPECT_EQ(read_manifest(memory, "d"), parse_manifest(manifest_text(sample()), "m"));
  int synced = 0;
  for (const testing::Call call : counting.made()) {
    if (call == testing::Call::rename) break;
    synced += call == testing::Call::sync_directory ? 1 : 0;
  }
  EXPECT_EQ(synced, 2);
  EXPECT_THROW(write_manifest("d", sample(), {.files = &memory}), ArgumentError);
}

TEST(CanonicalJson, SortsAndPacks) {
  EXPECT_EQ(canonical_json(" {\"b\" : [1, 2.50, true], \"a\":\"\xc3\xa9\\u00e9\" } "),
            "{\"a\":\"\xc3\xa9\xc3\xa9\",\"b\":[1,2.5,true]}");
  EXPECT_THROW(canonical_json("{"), ArgumentError);
  EXPECT_THROW(canonical_json(R"({"a":1,"a":2})"), ArgumentError);
  EXPECT_THROW(canonical_json("[[[]]]", 2), ArgumentError);
}

}  // namespace
}  // namespace lade::io
