// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index_build.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace lade::io {
namespace {

/// Row groups of (entity, time) in memory.
struct Keys {
  std::vector<std::vector<std::int64_t>> entity;
  std::vector<std::vector<std::int64_t>> time;
  std::vector<std::vector<std::uint8_t>> valid;  // bitmap of the entity; empty = all
  Schema schema{{{"id", {Kind::i64}}, {"t", {Kind::time, TimeUnit::us}}}};

  KeySource source() const {
    KeySource out;
    out.schema = &schema;
    out.entity = 0;
    out.time = 1;
    Index first = 0;
    for (std::size_t g = 0; g < entity.size(); ++g) {
      const auto rows = static_cast<Index>(entity[g].size());
      out.row_groups.push_back({0, static_cast<std::int32_t>(g), first, rows, 0, -1});
      first += rows;
    }
    out.read = [this](Index g) {
      const auto i = static_cast<std::size_t>(g);
      auto chunk = std::make_shared<Chunk>();
      chunk->rows = static_cast<Index>(entity[i].size());
      chunk->columns.resize(2);
      chunk->columns[0].kind = Kind::i64;
      chunk->columns[0].values = entity[i].data();
      if (!valid.empty()) chunk->columns[0].validity = valid[i].data();
      chunk->columns[1].kind = Kind::time;
      chunk->columns[1].values = time[i].data();
      return chunk;
    };
    out.place = [this](Index g, Index row) {
      Index first_row = 0;
      for (Index k = 0; k < g; ++k) {
        first_row += static_cast<Index>(entity[static_cast<std::size_t>(k)].size());
      }
      Place place;
      place.source = "keys";
      place.row = first_row + row;
      return place;
    };
    return out;
  }
};

IndexTables index_of(const Keys& keys, OnDisorder on_disorder = OnDisorder::sort,
                     OnBad on_bad = OnBad::fail, int threads = 1) {
  IndexOptions options;
  options.policies.on_disorder = on_disorder;
  options.policies.on_bad = on_bad;
  options.threads = threads;
  return build_index(keys.source(), options);
}

std::vector<std::int64_t> times_of(const Keys& keys, const IndexTables& tables,
                                   Index s) {
  std::vector<std::int64_t> out;
  for (Index r = tables.first_run[static_cast<std::size_t>(s)];
       r < tables.first_run[static_cast<std::size_t>(s) + 1]; ++r) {
    const RowRun& run = tables.runs[static_cast<std::size_t>(r)];
    const auto& time = keys.time[static_cast<std::size_t>(run.row_group)];
    out.insert(out.end(), time.begin() + run.first_row,
               time.begin() + run.first_row + run.rows);
  }
  return out;
}

const Keys kDisordered{{{7, 7, 7, 7, 7, 7}}, {{1, 2, 2, 5, 4, 6}}, {}};

TEST(IndexBuild, NumbersSequencesByAscendingEntity) {
  const Keys keys{{{9, 9, -3}, {4, -3, 4}}, {{1, 2, 1}, {1, 2, 2}}, {}};
  const auto tables = index_of(keys);
  EXPECT_EQ(tables.entity.integers, (std::vector<std::int64_t>{-3, 4, 9}));
  EXPECT_EQ(tables.events, (std::vector<std::int64_t>{2, 2, 2}));
  EXPECT_EQ(tables.runs, (std::vector<RowRun>{
                             {0, 2, 1}, {1, 1, 1}, {1, 0, 1}, {1, 2, 1}, {0, 0, 2}}));
  EXPECT_TRUE(tables.report.balanced());
}

TEST(IndexBuild, SortsALateRowAndCountsIt) {
  const auto tables = index_of(kDisordered);
  EXPECT_EQ(tables.report.rows_out_of_order, 1);
  EXPECT_EQ(times_of(kDisordered, tables, 0),
            (std::vector<std::int64_t>{1, 2, 2, 4, 5, 6}));
  EXPECT_EQ(tables.runs,
            (std::vector<RowRun>{{0, 0, 3}, {0, 4, 1}, {0, 3, 1}, {0, 5, 1}}));
  EXPECT_EQ(tables.report.rows_given, 6);
}

TEST(IndexBuild, KeepsStorageOrderIfAsked) {
  const auto tables = index_of(kDisordered, OnDisorder::keep);
  EXPECT_EQ(tables.runs, (std::vector<RowRun>{{0, 0, 6}}));
  EXPECT_EQ(tables.report.rows_out_of_order, 1);
}

TEST(IndexBuild, SkipsALateRowIfAsked) {
  const auto tables = index_of(kDisordered, OnDisorder::skip);
  EXPECT_EQ(times_of(kDisordered, tables, 0),
            (std::vector<std::int64_t>{1, 2, 2, 5, 6}));
  EXPECT_EQ(tables.report.dropped[static_cast<int>(DropReason::time_disorder)], 1);
  EXPECT_EQ(tables.report.rows_given, 5);
  EXPECT_TRUE(tables.report.balanced());
}

TEST(IndexBuild, RefusesALateRowIfAskedWithBothRows) {
  try {
    index_of(kDisordered, OnDisorder::fail);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "dataset.time_disorder");
    EXPECT_EQ(error.place().row, 4);
    const std::string what = error.what();
    EXPECT_NE(what.find("entity 7: time 4 comes after time 5, which is at row 3"),
              std::string::npos)
        << what;
  }
}

TEST(IndexBuild, SeesALateRowOfALaterRowGroup) {
  const Keys keys{{{1, 1, 2}, {1, 2}}, {{1, 9, 5}, {3, 6}}, {}};
  const auto tables = index_of(keys);
  EXPECT_EQ(tables.report.rows_out_of_order, 1);
  EXPECT_EQ(times_of(keys, tables, 0), (std::vector<std::int64_t>{1, 3, 9}));
}

TEST(IndexBuild, EqualTimesKeepStorageOrder) {
  const Keys keys{{{1, 1}, {1, 1}}, {{5, 5}, {5, 4}}, {}};
  const auto tables = index_of(keys);
  EXPECT_EQ(tables.runs, (std::vector<RowRun>{{1, 1, 1}, {0, 0, 2}, {1, 0, 1}}));
}

TEST(IndexBuild, RefusesANullEntityNamingTheRow) {
  const Keys keys{{{1, 0, 2}}, {{1, 2, 3}}, {{0b101}}};
  try {
    index_of(keys);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "dataset.null_key");
    EXPECT_EQ(error.place().column, "id");
    EXPECT_EQ(error.place().row, 1);
  }
}

TEST(IndexBuild, DropsANullEntityIfAskedAndCountsIt) {
  const Keys keys{{{1, 0, 1}}, {{1, 2, 3}}, {{0b101}}};
  const auto tables = index_of(keys, OnDisorder::sort, OnBad::skip);
  EXPECT_EQ(tables.runs, (std::vector<RowRun>{{0, 0, 1}, {0, 2, 1}}));
  EXPECT_EQ(tables.report.dropped[static_cast<int>(DropReason::null_key)], 1);
  EXPECT_EQ(tables.report.rows_seen, 3);
  EXPECT_EQ(tables.report.rows_given, 2);
}

TEST(IndexBuild, RefusesMoreBadRowsThanMaxBad) {
  Keys keys{
      {std::vector<std::int64_t>(101, 1)}, {std::vector<std::int64_t>(101, 1)}, {}};
  keys.valid = {std::vector<std::uint8_t>(13, 0)};
  EXPECT_THROW(index_of(keys, OnDisorder::sort, OnBad::skip), DataError);
  keys.entity[0].pop_back();
  keys.time[0].pop_back();
  EXPECT_EQ(index_of(keys, OnDisorder::sort, OnBad::skip).sequences(), 0);
}

TEST(IndexBuild, TimesOutsideTheYearsOneToNineThousandNineHundredNinetyNineAreBadRows) {
  constexpr std::int64_t kFirst = -62'135'596'800'000'000;
  constexpr std::int64_t kLast = 253'402'300'799'999'999;
  const Keys inside{{{1, 1}}, {{kFirst, kLast}}, {}};
  EXPECT_EQ(index_of(inside).report.rows_given, 2);
  for (const std::int64_t time : {kFirst - 1, kLast + 1}) {
    const Keys keys{{{1, 1}}, {{0, time}}, {}};
    try {
      index_of(keys);
      ADD_FAILURE() << time;
    } catch (const DataError& error) {
      EXPECT_EQ(error.place().rule, "dataset.time_range");
      EXPECT_EQ(error.place().row, 1);
      EXPECT_NE(std::string(error.what()).find("entity 1: time must"),
                std::string::npos);
    }
    const auto tables = index_of(keys, OnDisorder::sort, OnBad::skip);
    EXPECT_EQ(tables.report.dropped[static_cast<int>(DropReason::time_range)], 1);
    EXPECT_TRUE(tables.report.balanced());
  }
}

TEST(IndexBuild, TheUndefinedTimeIsNull) {
  const Keys keys{{{1}}, {{std::numeric_limits<std::int64_t>::min()}}, {}};
  EXPECT_THROW(index_of(keys), DataError);
}

TEST(IndexBuild, NoRowsMakeNoSequences) {
  const Keys keys{{{}, {}}, {{}, {}}, {}};
  const auto tables = index_of(keys);
  EXPECT_EQ(tables.sequences(), 0);
  EXPECT_EQ(tables.first_run.size(), 1U);
}

TEST(IndexBuild, RefusesAFloatEntityAndATextTime) {
  EXPECT_THROW(require_entity_type({"x", {Kind::f64}}), ArgumentError);
  EXPECT_THROW(require_entity_type({"x", {Kind::f32}}), ArgumentError);
  EXPECT_NO_THROW(require_entity_type({"x", {Kind::text}}));
  EXPECT_THROW(require_time_type({"x", {Kind::text}}), ArgumentError);
  EXPECT_NO_THROW(require_time_type({"x", {Kind::f64}}));
}

TEST(IndexBuild, OrdersFloatTimesByValue) {
  const std::vector<double> time{2.5, -1.5, -0.0, 0.0, -7.0};
  const std::vector<std::int64_t> entity(5, 1);
  const Schema schema{{{"id", {Kind::i64}}, {"t", {Kind::f64}}}};
  KeySource source;
  source.schema = &schema;
  source.entity = 0;
  source.time = 1;
  source.row_groups = {{0, 0, 0, 5, 0, -1}};
  source.place = [](Index, Index row) { return Place{"x", {}, row, "", "", ""}; };
  source.read = [&](Index) {
    auto chunk = std::make_shared<Chunk>();
    chunk->rows = 5;
    chunk->columns.resize(2);
    chunk->columns[0] = {Kind::i64, TimeUnit::us, entity.data(), nullptr, nullptr};
    chunk->columns[1] = {Kind::f64, TimeUnit::us, time.data(), nullptr, nullptr};
    return chunk;
  };
  const auto tables = build_index(source, {});
  EXPECT_EQ(tables.runs, (std::vector<RowRun>{{0, 4, 1}, {0, 1, 3}, {0, 0, 1}}));
  EXPECT_EQ(tables.first_time[0], -7);
  EXPECT_EQ(tables.last_time[0], 2);
  EXPECT_EQ(tables.row_groups[0].time_min, -7);
}

TEST(IndexBuild, MatchesReferenceOfDictionaryOfLists) {
  rc::check([](const std::vector<std::vector<std::pair<std::uint8_t, std::uint8_t>>>&
                   groups) {
    Keys keys;
    struct Row {
      std::int64_t time;
      Index storage;
    };
    std::map<std::int64_t, std::vector<Row>> reference;
    Index storage = 0, late = 0;
    for (const auto& group : groups) {
      keys.entity.emplace_back();
      keys.time.emplace_back();
      for (const auto& [entity, time] : group) {
        const std::int64_t e = entity % 5, t = time % 16;
        keys.entity.back().push_back(e);
        keys.time.back().push_back(t);
        auto& rows = reference[e];
        for (const Row& row : rows) {
          if (row.time > t) {
            ++late;
            break;
          }
        }
        rows.push_back({t, storage++});
      }
    }
    const auto tables = index_of(keys, OnDisorder::sort, OnBad::fail, 2);
    RC_ASSERT(tables.report.rows_out_of_order == late);
    RC_ASSERT(tables.report.balanced());
    RC_ASSERT(tables.sequences() == static_cast<Index>(reference.size()));
    Index s = 0;
    for (auto& [entity, rows] : reference) {
      std::stable_sort(rows.begin(), rows.end(),
                       [](const Row& a, const Row& b) { return a.time < b.time; });
      RC_ASSERT(std::get<std::int64_t>(tables.entity.at(s)) == entity);
      std::vector<Index> given;
      for (Index r = tables.first_run[static_cast<std::size_t>(s)];
           r < tables.first_run[static_cast<std::size_t>(s) + 1]; ++r) {
        const RowRun& run = tables.runs[static_cast<std::size_t>(r)];
        for (Index k = 0; k < run.rows; ++k) {
          given.push_back(
              tables.row_groups[static_cast<std::size_t>(run.row_group)].first_row +
              run.first_row + k);
        }
      }
      RC_ASSERT(given.size() == rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i)
        RC_ASSERT(given[i] == rows[i].storage);
      ++s;
    }
  });
}

}  // namespace
}  // namespace lade::io
