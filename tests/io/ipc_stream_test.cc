// SPDX-License-Identifier: Apache-2.0
// Arrow IPC streams read batch by batch, in any order, as files are.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

#include "lade/io/dataset.h"
#include "lade/io/file_memory.h"
#include "lade/io/ipc.h"
#include "lade/io/ipc_layout.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade::io {
namespace {

using testing::batch_of;

RecordBatch words(const std::string& first, const std::string& second) {
  return batch_of({{"id", arrow::int64(), "[1, 2, 1]"},
                   {"word", arrow::dictionary(arrow::int32(), arrow::utf8()),
                    "[\"" + first + "\", \"" + second + "\", \"" + first + "\"]"}});
}

std::string stream_of(const std::vector<RecordBatch>& batches, bool deltas = false) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.emit_dictionary_deltas = deltas;
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer =
      arrow::ipc::MakeStreamWriter(sink, batches.front()->schema(), options)
          .ValueOrDie();
  for (const RecordBatch& batch : batches)
    EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

std::string text_of(const Chunk& chunk, std::size_t column) {
  std::string out;
  const Column& texts = chunk.columns[column];
  for (Index r = 0; r < chunk.rows; ++r)
    out += std::string((*texts.dictionary)[texts.as<std::int32_t>()[r]]) + " ";
  return out;
}

using testing::rule_of;

TEST(IpcStreamFile, BatchesAreReadInAnyOrderWithTheirOwnDictionaries) {
  MemoryFiles files;
  files.put("t.arrows", stream_of({words("a", "b"), words("c", "d"), words("e", "f")}));
  const IpcFile file(files, "t.arrows");
  ASSERT_EQ(file.batches(), 3);
  EXPECT_EQ(file.rows(), 9);
  EXPECT_FALSE(file.unproven_end());
  EXPECT_EQ(text_of(*file.read_chunk(2), 1), "e f e ");
  EXPECT_EQ(text_of(*file.read_chunk(0), 1), "a b a ");
  EXPECT_EQ(text_of(*file.read_chunk(1, {"word"}), 0), "c d c ");
  file.release();
  EXPECT_EQ(text_of(*file.read_chunk(1, {"word"}), 0), "c d c ");
}

TEST(IpcStreamFile, DictionariesThatGrowAreJoined) {
  const auto values = [](const std::string& json) {
    return batch_of({{"w", arrow::utf8(), json}})->column(0);
  };
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto batch = [&](const std::string& indices, const std::string& dictionary) {
    const auto codes = batch_of({{"w", arrow::int8(), indices}})->column(0);
    return arrow::RecordBatch::Make(
        arrow::schema({arrow::field("w", type)}), codes->length(),
        {arrow::DictionaryArray::FromArrays(type, codes, values(dictionary))
             .ValueOrDie()});
  };
  MemoryFiles files;
  files.put("t.arrows", stream_of({batch("[0, 1]", R"(["a", "b"])"),
                                   batch("[2, 0]", R"(["a", "b", "c"])"),
                                   batch("[3, 2]", R"(["a", "b", "c", "d"])")},
                                  /*deltas=*/true));
  const auto layout = read_ipc_layout(*files.open("t.arrows", OpenMode::read), {});
  ASSERT_EQ(layout.dictionaries.size(), 3U);
  EXPECT_TRUE(layout.dictionaries[1].delta);
  const IpcFile file(files, "t.arrows");
  EXPECT_EQ(text_of(*file.read_chunk(2), 0), "d c ");
  EXPECT_EQ(text_of(*file.read_chunk(1), 0), "c a ");
  EXPECT_EQ(text_of(*file.read_chunk(0), 0), "a b ");
}

TEST(IpcStreamFile, GivesWhatWasWritten) {
  MemoryFiles files;
  files.put("t.arrows",
            stream_of({testing::example_events(), testing::example_events()}));
  const IpcFile file(files, "t.arrows");
  for (Index b = 0; b < 2; ++b)
    EXPECT_TRUE(file.read(b)->Equals(*testing::example_events()));
}

TEST(IpcStreamFile, RefusesEveryCut) {
  const std::string whole = stream_of({words("a", "b"), words("c", "d")});
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    MemoryFiles files;
    files.put("t.arrows", whole.substr(0, bytes));
    bool border = false;
    std::string rule;
    try {
      border = IpcFile(files, "t.arrows").unproven_end();
    } catch (const DataError& error) {
      rule = error.place().rule;
    }
    EXPECT_NE(border, rule == "ipc.cut" || rule == "ipc.magic") << bytes << rule;
    const auto strict = [&] { IpcFile(files, "t.arrows", {}, OnTruncated::strict); };
    EXPECT_NE(rule_of(strict), "") << bytes;
  }
}

TEST(IpcStreamFile, ACutStreamStopsAtItsLastWholeMessage) {
  const std::string whole = stream_of({words("a", "b"), words("c", "d")});
  MemoryFiles files;
  files.put("t.arrows", whole.substr(0, whole.size() - 20));
  OpenOptions options;
  options.files = &files;
  EXPECT_EQ(rule_of([&] { open({"t.arrows"}, options); }), "ipc.cut");
  options.policies.on_truncated = OnTruncated::stop;
  options.entity = "id";
  const ReadReport report = open({"t.arrows"}, options).report();
  EXPECT_EQ(report.rows_given, 3);
  EXPECT_EQ(report.rows_seen, 4);
  EXPECT_EQ(report.dropped[static_cast<int>(DropReason::truncated_tail)], 1);
  EXPECT_EQ(report.first_bad.at(0).rule, "ipc.cut");
}

TEST(IpcStreamFile, ASingleBitFlipIsValuesOrAnError) {
  const std::string whole = stream_of({words("a", "b"), words("c", "d")});
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string broken = whole;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    MemoryFiles files;
    files.put("t.arrows", broken);
    try {
      const IpcFile file(files, "t.arrows");
      for (Index b = 0; b < file.batches(); ++b) file.read_chunk(b);
    } catch (const DataError&) {
    } catch (const std::bad_alloc&) {
    }
  }
}

TEST(IpcStreamFile, RefusesWhatIsBesideAStream) {
  const std::string whole = stream_of({words("a", "b")});
  const auto rule = [](const std::string& bytes, const Limits& limits = {}) {
    return rule_of([&] {
      MemoryFiles files;
      files.put("t.arrows", bytes);
      IpcFile(files, "t.arrows", limits);
    });
  };
  EXPECT_EQ(rule(whole), "");
  EXPECT_EQ(rule(whole + "x"), "ipc.trailing");
  EXPECT_EQ(rule(whole.substr(0, whole.size() - 8) + whole), "ipc.schema");
  EXPECT_EQ(rule("not a stream, not a file"), "ipc.magic");
  Limits metadata;
  metadata.max_metadata_bytes = 64;
  EXPECT_EQ(rule(whole, metadata), "limits.max_metadata_bytes");
  Limits batches;
  batches.max_row_groups = 1;
  EXPECT_EQ(rule(stream_of({words("a", "b"), words("a", "b")}), batches),
            "limits.max_row_groups");
  Limits block;
  block.max_block_bytes = 8;
  EXPECT_EQ(rule(whole, block), "limits.max_block_bytes");
}

TEST(IpcStreamFile, StreamsAndFilesAreOneDataset) {
  MemoryFiles files;
  for (const char* name : {"d", "d/day=1", "d/day=2", "d/day=3"})
    files.make_directory(name);
  const std::string stream = stream_of({words("a", "b"), words("c", "d")});
  files.put("d/day=1/x.arrows", stream);
  files.put("d/day=2/y.arrow", stream);
  WriteOptions write;
  write.files = &files;
  IpcWriter writer(AtomicFile("d/day=3/z.arrow", write), words("e", "f")->schema());
  writer.write(words("e", "f"));
  writer.finish();
  OpenOptions options;
  options.files = &files;
  options.entity = "id";
  const Dataset dataset = open({"d"}, options);
  EXPECT_EQ(dataset.sequences(), 2);
  EXPECT_EQ(dataset.length(0), 10);
  const auto reader = dataset.reader({"word", "day"});
  const auto sequence = reader.sequence(1);
  std::string text;
  for (Index r = 0; r < sequence.view.rows; ++r) {
    const Index row = sequence.view.begin + r;
    const Column& word = sequence.view.chunk->columns[0];
    text += std::string((*word.dictionary)[word.as<std::int32_t>()[row]]) +
            std::to_string(sequence.view.chunk->columns[1].as<std::int64_t>()[row]);
  }
  EXPECT_EQ(text, "b1d1b2d2f3");
}

}  // namespace
}  // namespace lade::io
