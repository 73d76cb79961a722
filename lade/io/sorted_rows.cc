// SPDX-License-Identifier: Apache-2.0
#include "lade/io/sorted_rows.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

namespace lade::io {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

std::uint64_t ordered_float(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

std::uint64_t ordered_signed(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ kSign;
}

/// Rank of every text among those of the run, in byte order.
void rank_texts(const RowPool& pool, Index column, std::vector<SortKey>& keys) {
  std::vector<std::string_view> texts;
  std::vector<std::vector<std::uint64_t>> ranks(pool.size());
  const auto c = static_cast<std::size_t>(column);
  const auto used = [&](const SortKey& key) {
    const Column& from = pool[key.ref.chunk].columns[c];
    return std::pair(from.dictionary, from.as<std::int32_t>()[key.ref.row]);
  };
  for (const SortKey& key : keys) {
    const auto [dictionary, code] = used(key);
    auto& mine = ranks[key.ref.chunk];
    if (mine.empty()) mine.assign(static_cast<std::size_t>(dictionary->size()), 0);
    auto& mark = mine[static_cast<std::size_t>(code)];
    if (mark == 0) texts.push_back((*dictionary)[code]);
    mark = 1;
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    for (std::size_t code = 0; code < ranks[k].size(); ++code) {
      if (ranks[k][code] == 0) continue;
      const Dictionary& dictionary =
          *pool[static_cast<std::uint32_t>(k)].columns[c].dictionary;
      const auto text = dictionary[static_cast<Index>(code)];
      ranks[k][code] = static_cast<std::uint64_t>(
          std::lower_bound(texts.begin(), texts.end(), text) - texts.begin());
    }
  }
  for (SortKey& key : keys) {
    key.entity = ranks[key.ref.chunk][static_cast<std::size_t>(used(key).second)];
  }
}

/// A spilled run and how far it has been merged.
class RunCursor {
 public:
  RunCursor(SpillFile file, const Schema& schema, Index entity, Index time)
      : file_(std::move(file)), schema_(schema), entity_(entity), time_(time) {}

  /// Goes to the next row; false at the end. A block that is left is given to `left`.
  template <class Left>
  bool advance(RowPool& pool, Left left) {
    if (chunk_ && static_cast<Index>(++ref_.row) < chunk_->rows) return look();
    if (chunk_) left(ref_.chunk);
    chunk_.reset();
    if (block_ == file_.blocks()) return false;
    chunk_ = file_.read(block_++, schema_);
    ref_ = {pool.add(chunk_), 0};
    return look();
  }
  RowRef ref() const { return ref_; }

  /// Orders by entity, then time; 0 if equal.
  int compare(const RunCursor& other) const {
    const int entity = compare_entity(other);
    if (entity != 0) return entity;
    return number_.time < other.number_.time ? -1 : number_.time > other.number_.time;
  }
  int compare_entity(const RunCursor& other) const {
    if (text_entity()) return text_.compare(other.text_);
    return number_.entity < other.number_.entity
               ? -1
               : number_.entity > other.number_.entity;
  }
  std::string_view entity_text() const { return text_; }
  std::uint64_t entity_number() const { return number_.entity; }
  bool text_entity() const {
    return entity_ >= 0 &&
           schema_.fields[static_cast<std::size_t>(entity_)].type.kind == Kind::text;
  }

 private:
  bool look() {
    if (entity_ >= 0) {
      const Column& column = chunk_->columns[static_cast<std::size_t>(entity_)];
      if (column.kind == Kind::text) {
        text_ = (*column.dictionary)[column.as<std::int32_t>()[ref_.row]];
      } else {
        number_.entity = ordered_bits(column, ref_.row);
      }
    }
    if (time_ >= 0) {
      number_.time =
          ordered_bits(chunk_->columns[static_cast<std::size_t>(time_)], ref_.row);
    }
    return true;
  }

  SpillFile file_;
  const Schema& schema_;
  Index entity_;
  Index time_;
  Index block_ = 0;
  std::shared_ptr<const Chunk> chunk_;
  RowRef ref_;
  SortKey number_;
  std::string_view text_;
};

/// Blocks that were left while rows of them may still be wanted.
class LeftBlocks {
 public:
  void add(std::uint32_t number, Index rows_given) {
    left_.push_back({number, rows_given});
  }
  /// Releases those of which all rows lie before the `pending` newest ones.
  void release(RowPool& pool, Index rows_given, Index pending) {
    while (!left_.empty() && left_.front().rows <= rows_given - pending) {
      pool.release(left_.front().number);
      left_.pop_front();
    }
  }

 private:
  struct Left {
    std::uint32_t number;
    Index rows;
  };
  std::deque<Left> left_;
};

}  // namespace

std::uint32_t RowPool::add(std::shared_ptr<const Chunk> chunk) {
  if (free_.empty()) {
    chunks_.push_back(std::move(chunk));
    return static_cast<std::uint32_t>(chunks_.size() - 1);
  }
  const std::uint32_t number = free_.back();
  free_.pop_back();
  chunks_[number] = std::move(chunk);
  return number;
}

void RowPool::release(std::uint32_t number) {
  chunks_[number] = nullptr;
  free_.push_back(number);
}

std::uint64_t ordered_bits(const Column& column, Index row) {
  switch (column.kind) {
    case Kind::boolean:
    case Kind::u8:
      return column.as<std::uint8_t>()[row];
    case Kind::u16:
      return column.as<std::uint16_t>()[row];
    case Kind::u32:
      return column.as<std::uint32_t>()[row];
    case Kind::u64:
      return column.as<std::uint64_t>()[row];
    case Kind::i8:
      return ordered_signed(column.as<std::int8_t>()[row]);
    case Kind::i16:
      return ordered_signed(column.as<std::int16_t>()[row]);
    case Kind::i32:
      return ordered_signed(column.as<std::int32_t>()[row]);
    case Kind::i64:
    case Kind::time:
      return ordered_signed(column.as<std::int64_t>()[row]);
    case Kind::f32:
      return ordered_float(column.as<float>()[row]);
    case Kind::f64:
      return ordered_float(column.as<double>()[row]);
    case Kind::text:
      break;
  }
  return 0;
}

struct RowSorter::State {
  Schema schema;
  Options options;
  RowPool pool;  // of the run that is growing
  std::vector<SortKey> keys;
  Index bytes = 0;  // of that run
  std::vector<SpillFile> runs;
  Index spilled = 0;

  bool text_entity() const {
    return options.entity >= 0 &&
           schema.fields[static_cast<std::size_t>(options.entity)].type.kind ==
               Kind::text;
  }
  SortedRows sort_run();
  void spill_run();
  void give_run(const Sink& sink, const std::function<void(const RowPool&)>& at_end);
  void merge(std::vector<SpillFile> files, const Sink& sink,
             const std::function<void(const RowPool&)>& at_end);
  void merge_some();
};

SortedRows RowSorter::State::sort_run() {
  if (text_entity()) rank_texts(pool, options.entity, keys);
  return sort_keys(std::exchange(keys, {}));
}

/// Writes rows in order as blocks of a spill file.
class BlockWriter {
 public:
  BlockWriter(SpillFile& file, const Schema& schema, Index block_rows, int threads)
      : file_(file), schema_(schema), block_rows_(block_rows), threads_(threads) {}
  /// Rows that wait for their block.
  Index add(const RowPool& pool, RowRef row) {
    rows_.push_back(row);
    if (static_cast<Index>(rows_.size()) == block_rows_) flush(pool);
    return static_cast<Index>(rows_.size());
  }
  void flush(const RowPool& pool) {
    if (!rows_.empty()) file_.write(*copy_rows(pool, rows_, schema_, threads_));
    rows_.clear();
  }

 private:
  SpillFile& file_;
  const Schema& schema_;
  Index block_rows_;
  int threads_;
  std::vector<RowRef> rows_;
};

void RowSorter::State::spill_run() {
  const SortedRows sorted = sort_run();
  SpillFile file(*options.files, options.directory);
  BlockWriter writer(file, schema, options.block_rows, options.threads);
  for (const RowRef row : sorted.rows) writer.add(pool, row);
  writer.flush(pool);
  runs.push_back(std::move(file));
  ++spilled;
  pool = RowPool();
  bytes = 0;
}

void RowSorter::State::give_run(const Sink& sink,
                                const std::function<void(const RowPool&)>& at_end) {
  const SortedRows sorted = sort_run();
  std::size_t next = 0;  // sequence
  for (std::size_t i = 0; i < sorted.rows.size(); ++i) {
    const bool first = next < sorted.begins.size() && sorted.begins[next] == i;
    if (first) ++next;
    sink(pool, sorted.rows[i], first);
  }
  at_end(pool);
}

void RowSorter::State::merge(std::vector<SpillFile> files, const Sink& sink,
                             const std::function<void(const RowPool&)>& at_end) {
  RowPool blocks;
  LeftBlocks left;
  Index given = 0;
  std::vector<RunCursor> cursors;
  cursors.reserve(files.size());
  for (auto& file : files) {
    cursors.emplace_back(std::move(file), schema, options.entity, options.time);
  }
  const auto leave = [&](std::uint32_t number) { left.add(number, given); };
  const auto later = [&](std::size_t a, std::size_t b) {
    const int order = cursors[a].compare(cursors[b]);
    return order != 0 ? order > 0 : a > b;  // equal rows in the order of their runs
  };
  std::vector<std::size_t> heap;
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    if (cursors[i].advance(blocks, leave)) heap.push_back(i);
  }
  std::make_heap(heap.begin(), heap.end(), later);
  std::optional<std::uint64_t> number;
  std::optional<std::string> text;
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    RunCursor& cursor = cursors[heap.back()];
    bool first = false;
    if (cursor.text_entity()) {
      first = !text || *text != cursor.entity_text();
      if (first) text = std::string(cursor.entity_text());
    } else {
      first = !number || *number != cursor.entity_number();
      number = cursor.entity_number();
    }
    const Index pending = sink(blocks, cursor.ref(), first);
    ++given;
    left.release(blocks, given, pending);
    if (cursor.advance(blocks, leave)) {
      std::push_heap(heap.begin(), heap.end(), later);
    } else {
      heap.pop_back();
    }
  }
  at_end(blocks);
}

/// Makes one run of the first `fan_in` neighbours; equal rows keep their order.
void RowSorter::State::merge_some() {
  std::vector<SpillFile> merged;
  for (std::size_t begin = 0; begin < runs.size(); begin += options.fan_in) {
    const std::size_t end = std::min(runs.size(), begin + options.fan_in);
    std::vector<SpillFile> some;
    for (std::size_t i = begin; i < end; ++i) some.push_back(std::move(runs[i]));
    SpillFile file(*options.files, options.directory);
    BlockWriter writer(file, schema, options.block_rows, options.threads);
    const auto write = [&](RowPool& blocks, RowRef row, bool) {
      return writer.add(blocks, row);
    };
    merge(std::move(some), write, [&](const RowPool& blocks) { writer.flush(blocks); });
    merged.push_back(std::move(file));
  }
  runs = std::move(merged);
}

RowSorter::RowSorter(const Schema& schema, Options options)
    : state_(std::make_unique<State>()) {
  state_->schema = schema;
  state_->options = std::move(options);
  const Index most = state_->options.run_bytes / static_cast<Index>(kSortBytes);
  state_->keys.reserve(
      static_cast<std::size_t>(std::min(most, state_->options.rows_expected)));
}
RowSorter::~RowSorter() = default;

void RowSorter::add(std::shared_ptr<const Chunk> chunk,
                    const std::vector<std::uint8_t>& keep) {
  State& state = *state_;
  const Index rows = chunk->rows;
  const auto& columns = chunk->columns;
  const std::uint32_t number = state.pool.add(chunk);
  const bool number_entity = state.options.entity >= 0 && !state.text_entity();
  for (Index r = 0; r < rows; ++r) {
    if (!keep.empty() && keep[static_cast<std::size_t>(r)] == 0) continue;
    SortKey key;
    key.ref = {number, static_cast<std::uint32_t>(r)};
    if (number_entity) {
      key.entity =
          ordered_bits(columns[static_cast<std::size_t>(state.options.entity)], r);
    }
    if (state.options.time >= 0) {
      key.time = ordered_bits(columns[static_cast<std::size_t>(state.options.time)], r);
    }
    state.keys.push_back(key);
  }
  state.bytes += chunk->bytes + rows * static_cast<Index>(kSortBytes);
  if (state.bytes > state.options.run_bytes && !state.keys.empty()) state.spill_run();
}

void RowSorter::finish(const Sink& sink,
                       const std::function<void(const RowPool&)>& at_end) {
  State& state = *state_;
  if (state.runs.empty()) {
    state.give_run(sink, at_end);
    return;
  }
  if (!state.keys.empty()) state.spill_run();
  while (state.runs.size() > state.options.fan_in) state.merge_some();
  state.merge(std::move(state.runs), sink, at_end);
}

Index RowSorter::runs_spilled() const { return state_->spilled; }

}  // namespace lade::io
