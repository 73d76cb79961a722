// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <exception>

#include "lade/core/pool.h"
#include "lade/io/csv_block.h"
#include "lade/io/csv_columns.h"
#include "lade/io/csv_judge.h"

namespace lade::io {
namespace {

struct CsvFile {
  std::string path;
  FileStat stat;
};

bool same_file(const FileStat& a, const FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.bytes == b.bytes &&
         a.mtime_ns == b.mtime_ns;
}

/// Pieces that are worked on together, what stopped the reading of more, and the bytes
/// of their text on the ledger.
struct Wave {
  std::vector<CsvPiece> pieces;
  std::exception_ptr error = nullptr;
  Reservation reservation = {};
};

[[noreturn]] void refuse_other_columns(const CsvFile& first, const CsvFile& other) {
  throw DataError(
      {.source = other.path, .row = 1, .rule = "csv.columns"},
      fmt::format("column names must be those of {}", escape_text(first.path)));
}

}  // namespace

struct CsvReader::State {
  CsvOptions options;
  CsvPlan plan;
  std::vector<CsvFile> files;
  std::vector<std::string> names;
  std::vector<CsvEvidence> evidence;
  std::vector<CsvBlock> blocks;
  Schema schema;
  Index rows_seen = 0;
  Index bad_rows = 0;
  ReadReport report;
  std::size_t next_block = 0;  // to convert
  struct Ready {
    std::shared_ptr<const Chunk> chunk;
    Index file = 0;
  };
  std::deque<Ready> ready;
  Index last_file = 0;   // of the chunk given last
  Index kept_bytes = 0;  // of chunks that the first pass made
  bool failed = false;

  Files& disk() { return options.files != nullptr ? *options.files : real_files(); }
  std::size_t wave() const;

  void scan(const std::string& path);
  void scan_pieces(CsvFramer& framer, CsvBlock block);
  Wave frame(CsvFramer& framer, std::size_t count) const;
  std::vector<CsvScan> scan_wave(const Wave& wave, CsvFramer& framer, Wave& next);
  void judge_pieces(const std::vector<CsvPiece>& pieces, std::vector<CsvScan> scans,
                    CsvBlock& block);
  void keep_chunk(CsvScan& scan, CsvBlock& block);
  void fix_types();
  CsvConverted convert(const CsvBlock& block);
  void convert_wave();
  void accept(const CsvBlock& block, CsvConverted converted);
  void count_cut(const CsvBlock& block);
};

void CsvReader::State::scan(const std::string& path) {
  const auto file = disk().open(path, OpenMode::read);
  files.push_back({path, file->stat()});
  plan.dialect = check_dialect(path, options.source);
  const CsvHeader header = read_header(*file, options, plan.dialect);
  if (files.size() == 1) {
    names = header.names;
    plan.columns = bind_columns(names, options);
    plan.selected = select_columns(names, options.columns);
    plan.find_checked();
    evidence.resize(names.size());
  } else if (header.names != names) {
    refuse_other_columns(files.front(), files.back());
  }
  if (header.end == CsvEnd::unterminated) {
    if (options.policies.on_truncated == OnTruncated::strict) {
      throw DataError(
          {.source = path, .row = header.line - 1, .rule = "csv.unproven_end"},
          "the header line has no line end and may have been cut");
    }
    report.unproven_end = true;
  }
  CsvFramer framer(*file, header.data_offset, framer_options(options, plan.dialect));
  CsvBlock block;
  block.file = static_cast<Index>(files.size()) - 1;
  block.line = header.line;
  scan_pieces(framer, block);
}

/// Pieces worked on at a time: two for each thread as long as their text is a small
/// part of the budget.
std::size_t CsvReader::State::wave() const {
  Index count = 2 * Index{options.threads};
  if (options.ledger) {
    const Index fit = options.ledger->budget() / (16 * options.block_bytes);
    count = std::clamp<Index>(fit, 1, count);
  }
  return static_cast<std::size_t>(count);
}

/// The next pieces of the file; an error is kept for its turn.
Wave CsvReader::State::frame(CsvFramer& framer, std::size_t count) const {
  Wave wave;
  Index bytes = 0;
  try {
    while (wave.pieces.size() < count) {
      auto piece = framer.next();
      if (!piece) break;
      bytes += piece->text.capacity();
      wave.pieces.push_back(std::move(*piece));
    }
    if (options.ledger) {
      wave.reservation = Reservation::force(options.ledger, Account::read, bytes);
    }
  } catch (...) {
    wave.error = std::current_exception();
  }
  return wave;
}

/// Looks through the pieces of a wave and reads the next one meanwhile.
std::vector<CsvScan> CsvReader::State::scan_wave(const Wave& now, CsvFramer& framer,
                                                 Wave& next) {
  std::vector<CsvScan> scans(now.pieces.size());
  const bool known = !blocks.empty();
  parallel_for(static_cast<Index>(scans.size()) + 1, options.threads, [&](Index i) {
    if (i == 0) {
      if (!now.error) next = frame(framer, wave());
      return;
    }
    const auto at = static_cast<std::size_t>(i - 1);
    const CsvEnd end = now.pieces[at].end;
    if (end != CsvEnd::whole && end != CsvEnd::unterminated) return;
    scans[at] = scan_block(now.pieces[at], plan, known ? &evidence : nullptr);
  });
  return scans;
}

void CsvReader::State::scan_pieces(CsvFramer& framer, CsvBlock block) {
  // One piece first: what it shows lets the others be converted at once.
  Wave now = frame(framer, blocks.empty() ? 1 : wave());
  while (!now.pieces.empty() || now.error) {
    Wave next;
    if (options.poll) options.poll();
    std::vector<CsvScan> scans = scan_wave(now, framer, next);
    judge_pieces(now.pieces, std::move(scans), block);
    if (now.error) std::rethrow_exception(now.error);
    now = std::move(next);
  }
}

/// Keeps what a piece was converted to if there is room for it.
void CsvReader::State::keep_chunk(CsvScan& scan, CsvBlock& block) {
  if (!scan.chunk || kept_bytes + scan.chunk->bytes > options.keep_bytes) return;
  if (options.ledger) {
    auto taken =
        Reservation::try_take(options.ledger, Account::decode, scan.chunk->bytes);
    if (!taken.ok()) return;
    scan.chunk->reservation = std::move(taken);
  }
  kept_bytes += scan.chunk->bytes;
  block.chunk = std::move(scan.chunk);
}

void CsvReader::State::judge_pieces(const std::vector<CsvPiece>& pieces,
                                    std::vector<CsvScan> scans, CsvBlock& block) {
  const std::string& source = files.back().path;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const CsvPiece& piece = pieces[i];
    CsvScan& scan = scans[i];
    block.offset = piece.offset;
    block.bytes = piece.text.size - (piece.end == CsvEnd::unterminated ? 1 : 0);
    block.rows = scan.seen;
    block.end = piece.end;
    judge_scan(source, piece, scan, plan, options.policies.on_truncated, block);
    if (piece.end == CsvEnd::unterminated && !block.cut && scan.seen > 0) {
      report.unproven_end = true;
    }
    for (std::size_t c = 0; c < scan.evidence.size() && !block.cut; ++c) {
      evidence[c].add(scan.evidence[c]);
    }
    rows_seen += block.rows;
    if (!block.cut) keep_chunk(scan, block);
    if (block.rows > 0) blocks.push_back(block);
    block.line += scan.lines;
    block.cut = false;
    block.chunk = nullptr;
  }
}

void CsvReader::State::fix_types() {
  for (std::size_t c = 0; c < plan.columns.size(); ++c) {
    CsvColumn& column = plan.columns[c];
    if (column.given) continue;
    const auto& keys = options.keys;
    const bool key = std::find(keys.begin(), keys.end(), column.name) != keys.end();
    const bool unknown = key && rows_seen == 0;
    column.type = unknown ? ColumnType{.kind = Kind::i64} : evidence[c].type();
  }
  for (const Index c : plan.selected) {
    const CsvColumn& column = plan.columns[static_cast<std::size_t>(c)];
    schema.fields.push_back({column.name, column.type, true});
  }
  // A type seen later makes what was kept under another one worthless.
  for (CsvBlock& block : blocks) {
    if (!block.chunk) continue;
    for (std::size_t i = 0; i < plan.selected.size(); ++i) {
      if (block.chunk->columns[i].kind == schema.fields[i].type.kind) continue;
      block.chunk = nullptr;
      break;
    }
  }
}

CsvConverted CsvReader::State::convert(const CsvBlock& block) {
  if (block.chunk) {
    CsvConverted kept;
    kept.chunk = block.chunk;
    kept.rows.seen = block.rows;
    return kept;
  }
  const CsvFile& known = files[static_cast<std::size_t>(block.file)];
  const auto file = disk().open(known.path, OpenMode::read);
  if (!same_file(file->stat(), known.stat)) {
    throw DataError({.source = known.path, .rule = "file.changed"},
                    "the file changed while it was read");
  }
  CsvText text(block.bytes + 1);
  read_text(*file, block.offset, options.read_bytes, block.bytes, text);
  if (block.end == CsvEnd::unterminated) text.data()[text.size++] = '\n';
  return convert_block(std::move(text), block.end, block.rows, plan, known.path);
}

void CsvReader::State::convert_wave() {
  const std::size_t count = std::min(wave(), blocks.size() - next_block);
  if (options.poll) options.poll();
  std::vector<CsvConverted> converted(count);
  Reservation text;
  if (options.ledger) {
    Index bytes = 0;
    for (std::size_t i = next_block; i < next_block + count; ++i)
      bytes += blocks[i].chunk ? 0 : blocks[i].bytes;
    text = Reservation::force(options.ledger, Account::read, bytes);
  }
  parallel_for(static_cast<Index>(count), options.threads, [&](Index i) {
    const CsvBlock& block = blocks[next_block + static_cast<std::size_t>(i)];
    if (!block.cut) converted[static_cast<std::size_t>(i)] = convert(block);
  });
  for (std::size_t i = 0; i < count; ++i) {
    CsvBlock& block = blocks[next_block + i];
    if (block.cut) {
      count_cut(block);
    } else {
      accept(block, std::move(converted[i]));
      block.chunk = nullptr;
    }
  }
  next_block += count;
}

void CsvReader::State::accept(const CsvBlock& block, CsvConverted converted) {
  judge_block(files[static_cast<std::size_t>(block.file)].path, block, converted, plan,
              options.policies, bad_rows, report);
  if (converted.chunk->rows == 0) return;
  if (options.ledger && !block.chunk) {
    converted.chunk->reservation =
        Reservation(options.ledger, Account::decode, converted.chunk->bytes, "csv");
  }
  ready.push_back({std::move(converted.chunk), block.file});
}

void CsvReader::State::count_cut(const CsvBlock& block) {
  Place place;
  place.source = files[static_cast<std::size_t>(block.file)].path;
  place.offset = block.offset;
  place.row = block.line;
  place.rule = block.end == CsvEnd::open_quote ? "csv.open_quote" : "csv.truncated";
  report.drop(DropReason::truncated_tail, std::move(place));
  ++report.rows_seen;
}

CsvReader::CsvReader(const std::vector<std::string>& paths, CsvOptions options)
    : state_(std::make_unique<State>()) {
  require(!paths.empty(), "csv: at least one file is needed, got none");
  require(options.threads >= 0,
          fmt::format("csv: threads must be >= 0, got {}", options.threads));
  State& state = *state_;
  state.options = std::move(options);
  if (state.options.threads == 0) state.options.threads = usable_cpus();
  state.plan.limits = state.options.limits;
  state.plan.on_bad = state.options.policies.on_bad;
  state.plan.nulls = CsvNulls(state.options.source.nulls);
  for (const std::string& path : paths) {
    if (state.options.poll) state.options.poll();
    state.scan(path);
  }
  state.fix_types();
}

CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;

const Schema& CsvReader::schema() const { return state_->schema; }
Index CsvReader::rows_seen() const { return state_->rows_seen; }
Index CsvReader::file() const { return state_->last_file; }
const ReadReport& CsvReader::report() const { return state_->report; }

Index CsvReader::decoded_bytes() const {
  State& state = *state_;
  const auto block = std::find_if(state.blocks.begin(), state.blocks.end(),
                                  [](const CsvBlock& b) { return !b.cut; });
  if (block == state.blocks.end()) return 0;
  const CsvConverted first = state.convert(*block);
  const double per_row =
      static_cast<double>(first.chunk->bytes) / static_cast<double>(block->rows);
  return static_cast<Index>(per_row * static_cast<double>(state.rows_seen)) + 1;
}

std::shared_ptr<const Chunk> CsvReader::next() {
  State& state = *state_;
  require(!state.failed, "csv: reader: closed after an error");
  try {
    while (state.ready.empty() && state.next_block < state.blocks.size())
      state.convert_wave();
  } catch (...) {
    state.failed = true;
    state.ready.clear();
    throw;
  }
  if (state.ready.empty()) return nullptr;
  auto [chunk, file] = std::move(state.ready.front());
  state.ready.pop_front();
  state.last_file = file;
  return chunk;
}

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  CsvReader reader({path}, options);
  CsvTable table;
  table.schema = reader.schema();
  while (auto chunk = reader.next()) table.chunks.push_back(std::move(chunk));
  table.report = reader.report();
  return table;
}

}  // namespace lade::io
