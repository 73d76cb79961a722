// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/vocabulary_file.h"

#include <arrow/api.h>

#include <charconv>

#include "lade/core/error.h"
#include "lade/core/hash.h"
#include "lade/core/table_internal.h"
#include "lade/io/file_memory.h"
#include "lade/io/fingerprint.h"
#include "lade/io/ipc.h"
#include "lade/io/writer.h"

namespace lade {
namespace {

constexpr const char* kSource = "vocabulary";

std::shared_ptr<arrow::Schema> file_schema(bool integers) {
  return arrow::schema(
      {arrow::field("value", integers ? arrow::int64() : arrow::utf8(), false),
       arrow::field("count", arrow::int64(), false)});
}

std::int64_t number_of(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

RecordBatch batch_of(const Vocabulary& vocabulary, std::size_t begin, std::size_t end) {
  arrow::StringBuilder texts;
  arrow::Int64Builder numbers;
  arrow::Int64Builder counts;
  for (std::size_t i = begin; i < end; ++i) {
    const Vocabulary::Entry& entry = vocabulary.entries()[i];
    check(vocabulary.integers() ? numbers.Append(number_of(entry.text))
                                : texts.Append(entry.text),
          kSource);
    check(counts.Append(entry.count), kSource);
  }
  const auto values = vocabulary.integers() ? take(numbers.Finish(), kSource)
                                            : take(texts.Finish(), kSource);
  return arrow::RecordBatch::Make(file_schema(vocabulary.integers()),
                                  static_cast<std::int64_t>(end - begin),
                                  {values, take(counts.Finish(), kSource)});
}

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw DataError({path, {}, {}, "", "recipe.vocabulary", ""}, what);
}

void add_rows(const Chunk& chunk, bool integers, const std::string& path,
              std::vector<Vocabulary::Entry>& entries) {
  const Column& value = chunk.columns[0];
  const Column& count = chunk.columns[1];
  for (Index r = 0; r < chunk.rows; ++r) {
    if (!value.valid(r) || !count.valid(r) || count.as<std::int64_t>()[r] < 0) {
      fail(path, "a value must have a text and a count");
    }
    const std::string text =
        integers ? std::to_string(value.as<std::int64_t>()[r])
                 : std::string((*value.dictionary)[value.as<std::int32_t>()[r]]);
    entries.push_back({text, count.as<std::int64_t>()[r]});
  }
}

}  // namespace

std::string vocabulary_file_name(std::string_view input) {
  return io::name_from_data(input) + ".vocabulary.arrow";
}

std::string vocabulary_bytes(const Vocabulary& vocabulary) {
  constexpr std::size_t kRows = std::size_t{1} << 16;
  io::MemoryFiles memory;
  io::IpcWriter writer(io::AtomicFile("v.arrow", {.files = &memory}),
                       file_schema(vocabulary.integers()));
  const std::size_t count = vocabulary.entries().size();
  for (std::size_t begin = 0; begin < count; begin += kRows) {
    writer.write(batch_of(vocabulary, begin, std::min(begin + kRows, count)));
  }
  writer.finish();
  return memory.contents("v.arrow");
}

void write_vocabulary(const std::string& path, std::string_view bytes, bool overwrite) {
  io::Files& files = io::real_files();
  if (files.exists(path) && files.stat(path).kind == io::FileKind::regular &&
      io::hash_of_all(*files.open(path, io::OpenMode::read)) == xxh3_64(bytes)) {
    return;
  }
  io::write_file(path, bytes, {.overwrite = overwrite});
}

std::vector<Vocabulary::Entry> read_vocabulary(const std::string& path,
                                               std::uint64_t xxh3, bool integers,
                                               const Limits& limits) {
  io::Files& files = io::real_files();
  if (!files.exists(path)) {
    fail(path,
         "the recipe keeps a vocabulary in this file, which is not there; copy it "
         "with the recipe, or fit anew");
  }
  if (io::hash_of_all(*files.open(path, io::OpenMode::read)) != xxh3) {
    fail(path, "is not the vocabulary that the recipe was saved with");
  }
  const io::IpcFile file(files, path, limits);
  const Schema expected = import_schema(*file_schema(integers), path);
  const Schema& schema = file.schema();
  const bool same = schema.names() == expected.names() &&
                    schema.fields[0].type == expected.fields[0].type &&
                    schema.fields[1].type == expected.fields[1].type;
  if (!same) fail(path, "must have the columns value and count");
  if (file.rows() > limits.max_dictionary_entries) {
    fail(path, std::to_string(file.rows()) + " values, max_dictionary_entries = " +
                   std::to_string(limits.max_dictionary_entries));
  }
  std::vector<Vocabulary::Entry> entries;
  for (Index b = 0; b < file.batches(); ++b) {
    add_rows(*file.read_chunk(b), integers, path, entries);
  }
  return entries;
}

}  // namespace lade
