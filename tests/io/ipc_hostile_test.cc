// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include "lade/core/hash.h"
#include "lade/core/memory.h"
#include "lade/io/file_memory.h"
#include "lade/io/ipc_layout.h"
#include "tests/testing/temporary_directory.h"

namespace lade::io {
namespace {

std::string golden(const std::string& name) {
  return testing::slurp(std::string(LADE_TEST_DATA) + "/" + name);
}

RecordBatch sample(Index rows) {
  arrow::Int64Builder id;
  arrow::DoubleBuilder amount;
  arrow::StringBuilder place;
  for (Index r = 0; r < rows; ++r) {
    EXPECT_TRUE(id.Append(r).ok());
    EXPECT_TRUE(
        (r % 7 == 0 ? amount.AppendNull() : amount.Append(0.5 * double(r))).ok());
    EXPECT_TRUE(place.Append("place " + std::to_string(r % 13)).ok());
  }
  const auto schema = arrow::schema({arrow::field("id", arrow::int64()),
                                     arrow::field("amount", arrow::float64()),
                                     arrow::field("place", arrow::utf8())});
  return arrow::RecordBatch::Make(
      schema, rows,
      {id.Finish().ValueOrDie(), amount.Finish().ValueOrDie(),
       place.Finish().ValueOrDie()});
}

enum class Outcome { read, unproven, refused };

Limits small_limits() {
  Limits limits;
  limits.max_block_bytes = Index{16} << 20;
  limits.max_decoded_floor = Index{16} << 20;
  return limits;
}

// Anything but a DataError (or a refused allocation) ends the test.
Outcome read_everything(const std::string& bytes) {
  MemoryFiles files;
  files.put("t.arrow", bytes);
  const auto ledger = std::make_shared<Ledger>(Index{64} << 20);
  const auto pool = make_ledger_pool(ledger);
  Outcome outcome = Outcome::read;
  try {
    const IpcFile file(files, "t.arrow", small_limits());
    Index rows = 0;
    for (Index b = 0; b < file.batches(); ++b) {
      rows += file.read_chunk(b, {}, pool.get())->rows;
    }
    EXPECT_EQ(rows, file.rows());
    if (file.unproven_end()) outcome = Outcome::unproven;
  } catch (const DataError& error) {
    EXPECT_FALSE(error.place().rule.empty());
    outcome = Outcome::refused;
  } catch (const std::bad_alloc&) {
    outcome = Outcome::refused;
  }
  EXPECT_EQ(ledger->used(), 0);
  return outcome;
}

TEST(IpcFile, KeepsWhatTheWriterWasGiven) {
  MemoryFiles files;
  const RecordBatch a = sample(2500);
  IpcWriter writer(AtomicFile("t.arrow", {.files = &files}), a->schema(),
                   {.batch_rows = 1000, .metadata = {{"made", "here"}}});
  for (Index r = 0; r < 2500; r += 300) writer.write(a->Slice(r, 300));
  EXPECT_EQ(writer.rows(), 2500);
  const ManifestFile done = writer.finish();
  const std::string bytes = files.contents("t.arrow");
  EXPECT_EQ(done.rows, 2500);
  EXPECT_EQ(done.bytes, static_cast<Index>(bytes.size()));
  EXPECT_EQ(done.xxh3, xxh3_64(bytes));

  const IpcFile file(files, "t.arrow");
  EXPECT_EQ(file.rows(), 2500);
  EXPECT_EQ(file.batches(), 3);
  EXPECT_EQ(file.batch_rows(2), 500);
  EXPECT_EQ(file.footer_xxh3(), done.footer_xxh3);
  EXPECT_EQ(file.metadata("made"), "here");
  const RecordBatch last = file.read(2);
  EXPECT_TRUE(last->Equals(*a->Slice(2000, 500)));
  const RecordBatch some = file.read(0, {"place", "id"});
  EXPECT_TRUE(some->column(0)->Equals(a->column(2)->Slice(0, 1000)));
  EXPECT_EQ(some->column_name(1), "id");
  EXPECT_EQ(file.read_chunk(1, {"amount"})->columns[0].as<double>()[2], 501.0);
  EXPECT_THROW(file.read(3), ArgumentError);
  EXPECT_THROW(file.read(0, {"plaec"}), ArgumentError);
}

TEST(IpcFile, SameBytesForAnyCutIntoBatches) {
  MemoryFiles files;
  const RecordBatch a = sample(2500);
  for (const Index step : {2500, 999, 1}) {
    const std::string path = std::to_string(step) + ".arrow";
    IpcWriter writer(AtomicFile(path, {.files = &files}), a->schema(),
                     {.batch_rows = 1000});
    for (Index r = 0; r < 2500; r += step) writer.write(a->Slice(r, step));
    writer.finish();
    EXPECT_TRUE(files.contents(path) == files.contents("2500.arrow")) << step;
  }
}

TEST(IpcFile, ReadsNoRows) {
  MemoryFiles files;
  const RecordBatch a = sample(0);
  IpcWriter writer(AtomicFile("t.arrow", {.files = &files}), a->schema());
  writer.write(a);
  EXPECT_EQ(writer.finish().rows, 0);
  const IpcFile file(files, "t.arrow");
  EXPECT_EQ(file.rows(), 0);
  EXPECT_EQ(file.schema().fields.size(), 3U);
}

TEST(IpcFile, TellsFilesFromStreams) {
  MemoryFiles files;
  files.put("f", golden("flat.v1.arrow"));
  files.put("s", golden("flat.v1.arrows"));
  files.put("e", "");
  EXPECT_FALSE(is_ipc_stream(*files.open("f", OpenMode::read)));
  EXPECT_TRUE(is_ipc_stream(*files.open("s", OpenMode::read)));
  EXPECT_FALSE(is_ipc_stream(*files.open("e", OpenMode::read)));
}

TEST(IpcFile, ReadsGoldenFilesOfPyarrow) {
  for (const char* name : {"flat.v1.arrow", "coded.v1.arrow"}) {
    MemoryFiles files;
    files.put("t.arrow", golden(name));
    const IpcFile file(files, "t.arrow");
    EXPECT_EQ(file.rows(), 60) << name;
    const auto chunk = file.read_chunk(0, {"place", "amount"});
    const Column& place = chunk->columns[0];
    EXPECT_FALSE(place.valid(0));
    EXPECT_EQ((*place.dictionary)[place.as<std::int32_t>()[7]], "place 1");
    EXPECT_EQ(chunk->columns[1].as<double>()[8], 4.0);
  }
}

TEST(IpcStream, GivesEveryBatchAndItsEnd) {
  MemoryFiles files;
  files.put("s", golden("flat.v1.arrows"));
  const IpcFile in(files, "s");
  EXPECT_EQ(in.schema().fields.size(), 7U);
  EXPECT_EQ(in.rows(), 60);
  EXPECT_FALSE(in.unproven_end());
}

TEST(IpcStream, SaysWhenItsEndIsUnproven) {
  const std::string bytes = golden("flat.v1.arrows");
  EXPECT_EQ(read_everything(bytes), Outcome::read);
  EXPECT_EQ(read_everything(bytes.substr(0, bytes.size() - 8)), Outcome::unproven);
}

TEST(HostileIpc, EveryCutIsRefusedOrUnproven) {
  for (const char* name : {"flat.v1.arrow", "coded.v1.arrow"}) {
    const std::string bytes = golden(name);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      ASSERT_EQ(read_everything(bytes.substr(0, n)), Outcome::refused)
          << name << " " << n;
    }
  }
  const std::string stream = golden("flat.v1.arrows");
  int unproven = 0;
  for (std::size_t n = 0; n < stream.size(); ++n) {
    const Outcome outcome = read_everything(stream.substr(0, n));
    ASSERT_NE(outcome, Outcome::read) << n;
    unproven += outcome == Outcome::unproven ? 1 : 0;
  }
  EXPECT_LE(unproven, 4);  // after the schema, the dictionary and each batch
}

// One bit of each byte; all eight of them with LADE_TEST_EVERY_BIT in the environment.
TEST(HostileIpc, FlippedBitsAreHarmless) {
  const bool all = std::getenv("LADE_TEST_EVERY_BIT") != nullptr;
  for (const char* name : {"flat.v1.arrow", "coded.v1.arrow", "flat.v1.arrows"}) {
    const std::string bytes = golden(name);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        if (!all && bit != static_cast<int>(at % 8)) continue;
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        read_everything(flipped);
      }
    }
  }
}

TEST(HostileIpc, HostileNumbersAreHarmless) {
  const std::uint64_t hostile[] = {0,
                                   1,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   0x100000000,
                                   0x7fffffffffffffff,
                                   0x8000000000000000,
                                   ~std::uint64_t{0}};
  for (const char* name : {"flat.v1.arrow", "coded.v1.arrow", "flat.v1.arrows"}) {
    const std::string bytes = golden(name);
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      for (const std::uint64_t value : hostile) {
        std::string changed = bytes;
        std::memcpy(changed.data() + at, &value, at % 16 == 0 ? 8 : 4);
        read_everything(changed);
      }
    }
  }
}

class LoudType final : public arrow::ExtensionType {
 public:
  explicit LoudType(int* calls) : arrow::ExtensionType(arrow::int64()), calls_(calls) {}
  std::string extension_name() const override { return "loud.ipc"; }
  bool ExtensionEquals(const arrow::ExtensionType& other) const override {
    return other.extension_name() == "loud.ipc";
  }
  std::shared_ptr<arrow::Array> MakeArray(
      std::shared_ptr<arrow::ArrayData> data) const override {
    ++*calls_;
    return std::make_shared<arrow::ExtensionArray>(data);
  }
  arrow::Result<std::shared_ptr<arrow::DataType>> Deserialize(
      std::shared_ptr<arrow::DataType>, const std::string&) const override {
    ++*calls_;
    return std::make_shared<LoudType>(calls_);
  }
  std::string Serialize() const override { return ""; }

 private:
  int* calls_;
};

TEST(HostileIpc, NeverCallsARegisteredExtensionType) {
  int calls = 0;
  const auto type = std::make_shared<LoudType>(&calls);
  ASSERT_TRUE(arrow::RegisterExtensionType(type).ok());
  arrow::Int64Builder values;
  ASSERT_TRUE(values.AppendValues({1, 2, 3}).ok());
  const auto storage = values.Finish().ValueOrDie();
  const auto schema = arrow::schema({arrow::field("x", type)});
  const auto batch = arrow::RecordBatch::Make(
      schema, 3, {arrow::ExtensionType::WrapArray(type, storage)});
  MemoryFiles files;
  for (const bool stream : {false, true}) {
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    auto writer = (stream ? arrow::ipc::MakeStreamWriter(sink, schema)
                          : arrow::ipc::MakeFileWriter(sink, schema))
                      .ValueOrDie();
    ASSERT_TRUE(writer->WriteRecordBatch(*batch).ok());
    ASSERT_TRUE(writer->Close().ok());
    files.put(stream ? "s" : "f", sink->Finish().ValueOrDie()->ToString());
  }
  calls = 0;
  EXPECT_TRUE(IpcFile(files, "f").read(0)->column(0)->Equals(storage));
  EXPECT_TRUE(IpcFile(files, "s").read(0)->column(0)->Equals(storage));
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(arrow::UnregisterExtensionType("loud.ipc").ok());
}

TEST(IpcWriter, LeavesNothingWithoutFinish) {
  MemoryFiles files;
  const RecordBatch a = sample(10);
  {
    IpcWriter writer(AtomicFile("t.arrow", {.files = &files}), a->schema());
    writer.write(a);
  }
  EXPECT_TRUE(files.list(".").empty());
}

TEST(IpcWriter, RefusesABatchOfAnotherSchemaAndEverythingAfterIt) {
  MemoryFiles files;
  const RecordBatch a = sample(10);
  IpcWriter writer(AtomicFile("t.arrow", {.files = &files}), a->schema());
  EXPECT_THROW(writer.write(a->RemoveColumn(0).ValueOrDie()), ArgumentError);
  EXPECT_THROW(writer.finish(), ArgumentError);
  EXPECT_TRUE(files.list(".").empty());
}

}  // namespace
}  // namespace lade::io
