// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/synthesize.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>

#include "lade/core/hash.h"
#include "lade/core/table_internal.h"
#include "lade/io/dataset.h"
#include "lade/io/file_memory.h"
#include "lade/io/parquet.h"
#include "tests/testing/faulty_files.h"
#include "tests/testing/temporary_directory.h"

namespace lade {
namespace {

using testing::FaultyFiles;
using testing::slurp;
using testing::spill;
using testing::TemporaryDirectory;

TransactionsSpec small() {
  TransactionsSpec spec;
  spec.users = 10;
  spec.first_user = 100;
  spec.events = {0, 60};
  spec.extra = 1;
  spec.seed = 7;
  spec.splits = {{"train", 0.7}, {"test", 0.3}};
  return spec;
}

SynthesizeOptions in_parts_of_four() {
  SynthesizeOptions options;
  options.part_users = 4;
  options.row_group_rows = 50;
  options.threads = 1;
  return options;
}

using Tree = std::map<std::string, std::uint64_t>;

/// All files below a directory and hashes of their bytes.
Tree tree(const std::string& directory) {
  Tree files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), directory)] =
        xxh3_64(slurp(entry.path()));
  }
  return files;
}

Tree made(const TransactionsSpec& spec, const SynthesizeOptions& options) {
  const TemporaryDirectory dir;
  synthesize(spec, dir / "bank", options);
  return tree(dir / "bank");
}

constexpr io::TableFormat kFormats[] = {io::TableFormat::parquet, io::TableFormat::ipc,
                                        io::TableFormat::csv};

/// All rows of the parts, in the order of the manifest, as one batch.
RecordBatch rows_of(const std::string& directory) {
  const auto manifest = io::read_manifest(io::real_files(), directory);
  arrow::RecordBatchVector batches;
  for (const io::ManifestFile& file : manifest->files) {
    const io::ParquetFile part(io::real_files(), io::join(directory, file.path));
    for (Index g = 0; g < part.row_groups(); ++g) {
      for (const RecordBatch& batch : part.read_row_group(g, {}))
        batches.push_back(batch);
    }
  }
  const auto table = take(arrow::Table::FromRecordBatches(batches), "test");
  return take(table->CombineChunksToBatch(), "test");
}

std::string text_at(const arrow::Array& column, Index row) {
  const auto scalar = take(column.GetScalar(row), "test");
  if (scalar->type->id() != arrow::Type::DICTIONARY) return scalar->ToString();
  const auto& coded = static_cast<const arrow::DictionaryScalar&>(*scalar);
  return take(coded.GetEncodedValue(), "test")->ToString();
}

TEST(Synthesize, WritesPartsOfWholeUsersTheUsersAndTheManifest) {
  const TemporaryDirectory dir;
  const TransactionsSpec spec = small();
  const SynthesizeReport report = synthesize(spec, dir / "bank", in_parts_of_four());
  std::vector<std::string> names;
  for (const auto& [name, hash] : tree(dir / "bank")) names.push_back(name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"_lade/manifest.json", "_lade/specification.json",
                                      "_lade/users.parquet", "part-100.parquet",
                                      "part-104.parquet", "part-108.parquet"}));
  const RecordBatch want = transactions(spec, 100, 10);
  EXPECT_TRUE(rows_of(dir / "bank")->Equals(*want));
  EXPECT_EQ(report.events, want->num_rows());
  EXPECT_EQ(report.users, 10);
  EXPECT_EQ(report.parts_kept, 0);
  EXPECT_TRUE(report.read.balanced());
  EXPECT_EQ(report.read.rows_given, want->num_rows());
  Index rows = 0;
  for (const io::ManifestFile& file : report.files) rows += file.rows;
  EXPECT_EQ(rows, report.events);
}

TEST(Synthesize, WritesUsersWithEventsAndSplit) {
  const TemporaryDirectory dir;
  const TransactionsSpec spec = small();
  const SynthesizeReport report = synthesize(spec, dir / "bank", in_parts_of_four());
  const io::ParquetFile users(io::real_files(), dir / "bank/_lade/users.parquet");
  const RecordBatch batch = users.read_row_group(0, {})[0];
  const RecordBatch want = transaction_users(spec, 100, 10);
  EXPECT_TRUE(batch->column(0)->Equals(*want->column(0)));
  EXPECT_TRUE(batch->column(1)->Equals(*want->column(1)));
  for (Index user = 0; user < 10; ++user) {
    EXPECT_EQ(text_at(*batch->column(2), user), text_at(*want->column(2), user));
  }
  const auto events =
      std::static_pointer_cast<arrow::Int64Array>(batch->GetColumnByName("events"));
  Index sum = 0;
  for (Index i = 0; i < events->length(); ++i) sum += events->Value(i);
  EXPECT_EQ(sum, report.events) << "every row is accounted for";
}

TEST(Synthesize, RecordsSpecificationSeedAndKeysInTheManifest) {
  const TemporaryDirectory dir;
  TransactionsSpec spec = small();
  spec.seed = 18'446'744'073'709'551'615U;
  synthesize(spec, dir / "bank", in_parts_of_four());
  const auto manifest = io::read_manifest(io::real_files(), dir / "bank");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->kind, "synth");
  EXPECT_EQ(manifest->text("entity"), "user_id");
  EXPECT_EQ(manifest->text("time"), "time");
  EXPECT_EQ(manifest->more.at("seed"), "18446744073709551615");
  EXPECT_NE(manifest->more.at("specification").find(R"("events":[0,60])"),
            std::string::npos);
}

TEST(Synthesize, GivesADatasetThatKnowsItsKeys) {
  const TemporaryDirectory dir;
  const TransactionsSpec spec = small();
  const SynthesizeReport report = synthesize(spec, dir / "bank", in_parts_of_four());
  const io::Dataset dataset = io::open({dir / "bank"}, {});
  EXPECT_EQ(dataset.entity(), "user_id");
  EXPECT_EQ(dataset.time(), "time");
  EXPECT_EQ(dataset.events(), report.events);
  Index q = 0;
  for (Index user = 100; user < 110; ++user) {
    if (events_of(spec, user) == 0) continue;
    EXPECT_EQ(std::get<std::int64_t>(dataset.sequence(q).entity), user);
    EXPECT_EQ(dataset.length(q++), events_of(spec, user));
  }
  EXPECT_EQ(dataset.sequences(), q);
  EXPECT_TRUE(dataset.report().balanced());
  EXPECT_EQ(dataset.report().rows_out_of_order, 0);
}

/// The chunk of a sequence, which stays with the sequence.
std::shared_ptr<const Chunk> borrowed(const io::DatasetReader::Sequence& sequence) {
  return {std::shared_ptr<const void>(), sequence.view.chunk};
}

/// Every value of a dataset's sequences, as Arrow shows it.
std::string shown(const io::Dataset& dataset) {
  std::string text;
  const io::DatasetReader reader =
      dataset.reader(dataset.schema().names(), dataset.ledger());
  for (Index q = 0; q < dataset.sequences(); ++q) {
    const io::DatasetReader::Sequence sequence = reader.sequence(q);
    const RecordBatch batch = export_chunk(borrowed(sequence), dataset.schema());
    text += batch->Slice(sequence.view.begin, sequence.view.rows)->ToString();
  }
  return text;
}

TEST(Synthesize, GivesTheSameDatasetInEveryFormat) {
  TransactionsSpec spec = small();
  spec.cents = false;
  std::string parquet;
  for (const io::TableFormat format : kFormats) {
    const TemporaryDirectory dir;
    SynthesizeOptions options = in_parts_of_four();
    options.format = format;
    const SynthesizeReport report = synthesize(spec, dir / "bank", options);
    ASSERT_EQ(report.files.size(), 3U);
    EXPECT_EQ(report.files[0].path, "part-100" + std::string(io::suffix(format)));
    EXPECT_TRUE(std::filesystem::exists(dir / "bank/_lade/users.parquet"));
    const io::Dataset dataset = io::open({dir / "bank"}, {});
    EXPECT_EQ(dataset.entity(), "user_id");
    EXPECT_EQ(dataset.time(), "time");
    EXPECT_EQ(dataset.events(), report.events);
    const Schema schema = import_schema(*transactions_schema(spec), "test");
    ASSERT_EQ(dataset.schema().names(), schema.names());
    for (std::size_t c = 0; c < schema.fields.size(); ++c) {
      EXPECT_EQ(dataset.schema().fields[c].type, schema.fields[c].type)
          << schema.fields[c].name;
    }
    if (parquet.empty()) parquet = shown(dataset);
    EXPECT_EQ(shown(dataset), parquet) << io::name(format);
  }
}

TEST(Synthesize, ContinuesOnlyInTheFormatItWasBegunIn) {
  const TemporaryDirectory dir;
  SynthesizeOptions options = in_parts_of_four();
  options.format = io::TableFormat::csv;
  EXPECT_THROW(
      {
        FaultyFiles faulty(
            io::real_files(),
            {.kinds = {testing::Call::rename}, .at = 4, .error_number = ENOSPC});
        options.files = &faulty;
        synthesize(small(), dir / "bank", options);
      },
      IoError);
  EXPECT_THROW(synthesize(small(), dir / "bank", in_parts_of_four()), ArgumentError);
  options.files = nullptr;
  EXPECT_GT(synthesize(small(), dir / "bank", options).parts_kept, 0);
}

TEST(Synthesize, EndsRowGroupsWithUsersOrCutsLongOnes) {
  const TemporaryDirectory dir;
  TransactionsSpec spec = small();
  spec.events = {30, 30};
  SynthesizeOptions options = in_parts_of_four();
  synthesize(spec, dir / "short", options);
  const io::ParquetFile whole(io::real_files(), dir / "short/part-100.parquet");
  ASSERT_EQ(whole.row_groups(), 2);
  EXPECT_EQ(whole.row_group_rows(0), 60);
  spec.events = {240, 240};
  synthesize(spec, dir / "long", options);
  const io::ParquetFile cut(io::real_files(), dir / "long/part-100.parquet");
  for (Index g = 0; g < cut.row_groups(); ++g) EXPECT_LE(cut.row_group_rows(g), 100);
  EXPECT_EQ(cut.rows(), 960);
  EXPECT_TRUE(rows_of(dir / "long")->Equals(*transactions(spec, 100, 10)));
}

TEST(Synthesize, WritesTheSameBytesForThreads) {
  for (const io::TableFormat format : kFormats) {
    SynthesizeOptions options = in_parts_of_four();
    options.format = format;
    const auto one = made(small(), options);
    for (const int threads : {2, 7}) {
      options.threads = threads;
      EXPECT_EQ(made(small(), options), one) << threads << io::name(format);
    }
  }
}

TEST(Synthesize, WritesTheSameRowsForAnySizeOfParts) {
  for (const Index users : {1, 3, 100}) {
    const TemporaryDirectory dir;
    SynthesizeOptions options = in_parts_of_four();
    options.part_users = users;
    synthesize(small(), dir / "bank", options);
    EXPECT_TRUE(rows_of(dir / "bank")->Equals(*transactions(small(), 100, 10)))
        << users;
  }
}

TEST(Synthesize, OfNoUsersIsAnEmptyDirectoryWithItsManifest) {
  const TemporaryDirectory dir;
  TransactionsSpec spec = small();
  spec.users = 0;
  const SynthesizeReport report = synthesize(spec, dir / "bank");
  EXPECT_EQ(report.events, 0);
  EXPECT_TRUE(report.files.empty());
  EXPECT_TRUE(io::read_manifest(io::real_files(), dir / "bank"));
}

int status_of_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      body();
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class KilledSynthesis : public ::testing::TestWithParam<io::TableFormat> {};

TEST_P(KilledSynthesis, AtAnyCallIsContinuedToTheSameBytes) {
  TransactionsSpec spec = small();
  spec.users = 6;
  SynthesizeOptions whole_options = in_parts_of_four();
  whole_options.format = GetParam();
  const auto whole = made(spec, whole_options);
  Index kept = 0;
  int killed = 0;
  for (int n = 1;; ++n) {
    const TemporaryDirectory dir;
    const int status = status_of_child([&] {
      FaultyFiles faulty(io::real_files(), {.at = n, .kill = true});
      SynthesizeOptions options = whole_options;
      options.files = &faulty;
      synthesize(spec, dir / "bank", options);
    });
    if (status == 0) break;
    ASSERT_EQ(status, -SIGKILL);
    ++killed;
    if (!std::filesystem::exists(dir / "bank")) {
      kept += synthesize(spec, dir / "bank", whole_options).parts_kept;
      EXPECT_EQ(io::real_files().list(dir.path()), std::vector<std::string>{"bank"})
          << "call " << n;
    }
    ASSERT_EQ(tree(dir / "bank"), whole) << "call " << n;
  }
  EXPECT_GT(killed, 60);
  EXPECT_GT(kept, 20) << "finished parts are not made again";
}

INSTANTIATE_TEST_SUITE_P(Synthesize, KilledSynthesis, ::testing::ValuesIn(kFormats),
                         [](const auto& which) {
                           return std::string(io::name(which.param));
                         });

TEST(Synthesize, FailingAtAnyCallIsContinuedToTheSameBytes) {
  TransactionsSpec spec = small();
  spec.users = 6;
  const auto whole = made(spec, in_parts_of_four());
  for (int n = 1;; ++n) {
    const TemporaryDirectory dir;
    FaultyFiles faulty(io::real_files(), {.at = n, .error_number = ENOSPC});
    SynthesizeOptions options = in_parts_of_four();
    options.files = &faulty;
    bool threw = false;
    try {
      synthesize(spec, dir / "bank", options);
    } catch (const IoError& error) {
      threw = true;
      EXPECT_EQ(error.error_number(), ENOSPC);
    }
    if (!faulty.fired()) break;
    const bool done = std::filesystem::exists(dir / "bank");
    EXPECT_TRUE(done || threw) << "call " << n;
    if (!done) synthesize(spec, dir / "bank", in_parts_of_four());
    EXPECT_EQ(tree(dir / "bank"), whole) << "call " << n;
  }
}

/// Leaves a killed run with all parts and no manifest behind.
void leave_killed(const TransactionsSpec& spec, const std::string& target) {
  const std::string part =
      std::filesystem::path(target).parent_path() / ".bank.lade-part";
  for (int n = 1;; ++n) {
    std::filesystem::remove_all(part);
    const int status = status_of_child([&] {
      FaultyFiles faulty(io::real_files(),
                         {.kinds = {testing::Call::rename}, .at = n, .kill = true});
      SynthesizeOptions options = in_parts_of_four();
      options.files = &faulty;
      synthesize(spec, target, options);
    });
    ASSERT_EQ(status, -SIGKILL);
    // The users are written after the parts.
    if (std::filesystem::exists(part + "/_lade/users.parquet")) return;
  }
}

TEST(Synthesize, MakesADamagedPartAgain) {
  const TemporaryDirectory dir;
  const TransactionsSpec spec = small();
  leave_killed(spec, dir / "bank");
  const std::string part = dir / ".bank.lade-part/part-104.parquet";
  std::string bytes = slurp(part);
  bytes[bytes.size() / 2] ^= 1;
  spill(part, bytes);
  spill(dir / ".bank.lade-part/_lade/part-108.parquet.json", "{}");
  const SynthesizeReport report = synthesize(spec, dir / "bank", in_parts_of_four());
  EXPECT_EQ(report.parts_kept, 1);
  EXPECT_EQ(tree(dir / "bank"), made(spec, in_parts_of_four()));
}

TEST(Synthesize, RefusesToContinueAnotherSpecificationUnlessRestarted) {
  const TemporaryDirectory dir;
  TransactionsSpec spec = small();
  leave_killed(spec, dir / "bank");
  spec.seed = 8;
  SynthesizeOptions options = in_parts_of_four();
  try {
    synthesize(spec, dir / "bank", options);
    ADD_FAILURE() << "continued";
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("(--restart)"), std::string::npos);
  }
  options.part_users = 5;
  EXPECT_THROW(synthesize(small(), dir / "bank", options), ArgumentError);
  options = in_parts_of_four();
  options.restart = true;
  EXPECT_EQ(synthesize(spec, dir / "bank", options).parts_kept, 0);
  EXPECT_EQ(tree(dir / "bank"), made(spec, in_parts_of_four()));
}

TEST(Synthesize, RefusesWhatAnotherWriterLeft) {
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir / ".bank.lade-part");
  spill(dir / ".bank.lade-part/part-00000.parquet", "PAR1");
  EXPECT_THROW(synthesize(small(), dir / "bank", in_parts_of_four()), ArgumentError);
}

TEST(Synthesize, ReplacesOnlyWhenTold) {
  const TemporaryDirectory dir;
  SynthesizeOptions options = in_parts_of_four();
  synthesize(small(), dir / "bank", options);
  EXPECT_THROW(synthesize(small(), dir / "bank", options), ArgumentError);
  TransactionsSpec other = small();
  other.seed = 8;
  options.overwrite = true;
  synthesize(other, dir / "bank", options);
  EXPECT_EQ(tree(dir / "bank"), made(other, in_parts_of_four()));
  EXPECT_EQ(io::real_files().list(dir.path()), std::vector<std::string>{"bank"});
}

TEST(Synthesize, RefusesArgumentsThatMakeNoSense) {
  const TemporaryDirectory dir;
  const auto refuses = [&](auto change) {
    SynthesizeOptions options;
    change(options);
    EXPECT_THROW(synthesize(small(), dir / "bank", options), ArgumentError);
  };
  refuses([](auto& o) { o.part_users = -1; });
  refuses([](auto& o) { o.row_group_rows = 0; });
  refuses([](auto& o) { o.page_bytes = 0; });
  refuses([](auto& o) { o.memory_budget = -1; });
  refuses([](auto& o) { o.threads = -1; });
  TransactionsSpec spec = small();
  spec.per_day = {0, 0};
  EXPECT_THROW(synthesize(spec, dir / "bank"), ArgumentError);
  EXPECT_TRUE(io::real_files().list(dir.path()).empty()) << "nothing is left behind";
}

}  // namespace
}  // namespace lade
