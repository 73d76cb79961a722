// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "lade/core/table_internal.h"
#include "lade/io/file_memory.h"
#include "tests/testing/tables.h"

namespace lade::io {
namespace {

RecordBatch rows() {
  return testing::batch_of(
      {{"id", arrow::int64(), "[3, 1, 2, null, 5]"},
       {"amount", arrow::float64(), "[0.5, null, 2, 3, 4]"},
       {"kind", arrow::utf8(), R"(["a", "", null, "žluť", "a"])"}});
}

void put(MemoryFiles& files, const std::string& path, std::string_view bytes) {
  if (files.exists(path)) files.unlink(path);
  const auto file = files.open(path, OpenMode::create);
  file->write(std::as_bytes(std::span(bytes)));
  file->close();
}

std::string file_bytes(const std::vector<RecordBatch>& batches,
                       IpcWriteOptions options = {}) {
  MemoryFiles files;
  WriteOptions write;
  write.files = &files;
  IpcWriter writer(AtomicFile("/x.arrow", write), batches[0]->schema(),
                   std::move(options));
  for (const RecordBatch& batch : batches) writer.write(batch);
  writer.finish();
  return read_all(files, "/x.arrow", Index{1} << 20);
}

TEST(IpcFile, GivesBackWhatWasWritten) {
  MemoryFiles files;
  put(files, "/x.arrow",
      file_bytes({rows(), rows()}, {.batch_rows = 4, .metadata = {{"k", "v"}}}));
  const IpcFile file(files, "/x.arrow");
  EXPECT_EQ(file.rows(), 10);
  ASSERT_EQ(file.batches(), 3);
  EXPECT_EQ(file.batch_rows(0), 4);
  EXPECT_EQ(file.batch_rows(2), 2);
  EXPECT_EQ(file.metadata("k"), "v");
  EXPECT_TRUE(file.read(0)->Equals(*rows()->Slice(0, 4)));
  EXPECT_EQ(file.read(1, {"kind", "id"})->schema()->field_names(),
            (std::vector<std::string>{"kind", "id"}));
  const auto chunk = file.read_chunk(0, {"amount"});
  EXPECT_EQ(chunk->columns[0].as<double>()[2], 2.0);
  EXPECT_FALSE(chunk->columns[0].valid(1));
  EXPECT_GT(file.bytes_read(), 0);
}

TEST(IpcWriter, GivesTheSameBytesForAnyCut) {
  const IpcWriteOptions options{.batch_rows = 3, .metadata = {}};
  EXPECT_EQ(file_bytes({rows(), rows()}, options),
            file_bytes({rows()->Slice(0, 1), rows()->Slice(1, 4), rows()->Slice(0, 2),
                        rows()->Slice(2, 3)},
                       options));
}

TEST(IpcFile, EveryCutIsAnError) {
  MemoryFiles files;
  const std::string whole = file_bytes({rows()});
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    put(files, "/x.arrow", std::string_view(whole).substr(0, bytes));
    EXPECT_THROW(IpcFile(files, "/x.arrow"), DataError) << bytes;
  }
}

TEST(IpcFile, AFlippedBitIsAnErrorOrValidRows) {
  MemoryFiles files;
  const std::string whole = file_bytes({rows()});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    put(files, "/x.arrow", flipped);
    try {
      const IpcFile file(files, "/x.arrow");
      for (Index b = 0; b < file.batches(); ++b) {
        EXPECT_TRUE(file.read(b)->ValidateFull().ok()) << bit;
      }
    } catch (const DataError& error) {
      EXPECT_FALSE(error.place().rule.empty()) << bit;
    }
  }
}

TEST(IpcStream, GivesBatchesAndKnowsItsEnd) {
  MemoryFiles files;
  for (const bool marker : {true, false}) {
    put(files, "/x.arrows", testing::stream_bytes(rows(), marker));
    const IpcFile stream(files, "/x.arrows");
    ASSERT_EQ(stream.batches(), 2);
    EXPECT_TRUE(stream.read(0)->Equals(*rows()));
    EXPECT_TRUE(stream.read(1)->Equals(*rows()));
    EXPECT_EQ(stream.unproven_end(), !marker);
  }
}

TEST(IpcStream, ACutInAMessageLeavesExactRowsWhereThatIsAllowed) {
  MemoryFiles files;
  const std::string whole = testing::stream_bytes(rows(), true);
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    put(files, "/x.arrows", std::string_view(whole).substr(0, bytes));
    try {
      const IpcFile stream(files, "/x.arrows", {}, OnTruncated::stop);
      EXPECT_NE(stream.unproven_end(), stream.cut().has_value()) << bytes;
      for (Index b = 0; b < stream.batches(); ++b)
        EXPECT_TRUE(stream.read(b)->Equals(*rows()));
    } catch (const DataError&) {
      EXPECT_LT(bytes, 1000U);  // in the schema
    }
  }
}

TEST(IpcFile, RefusesUnknownColumnsAndBatches) {
  MemoryFiles files;
  put(files, "/x.arrow", file_bytes({rows()}));
  const IpcFile file(files, "/x.arrow");
  EXPECT_THROW(file.read(0, {"amonut"}), ArgumentError);
  EXPECT_THROW(file.read(1), ArgumentError);
}

TEST(IpcFile, RefusesMetadataAboveTheLimit) {
  MemoryFiles files;
  put(files, "/x.arrow", file_bytes({rows()}));
  Limits limits;
  limits.max_metadata_bytes = 16;
  EXPECT_THROW(IpcFile(files, "/x.arrow", limits), DataError);
}

}  // namespace
}  // namespace lade::io
