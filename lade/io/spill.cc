// SPDX-License-Identifier: Apache-2.0
#include "lade/io/spill.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <span>

#include "lade/core/cursor.h"
#include "lade/core/hash.h"

namespace lade::io {
namespace {

struct Block {
  Index offset = 0;
  Index bytes = 0;
  Index rows = 0;
  std::uint64_t xxh3 = 0;
};

/// 26 characters that no other file of the directory has; a clash is refused by O_EXCL.
std::string temporary_name() {
  static std::atomic<std::uint64_t> count{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string seed = std::to_string(now) + "/" +
                           std::to_string(count.fetch_add(1)) + "/" +
                           std::to_string(reinterpret_cast<std::uintptr_t>(&count));
  return ".lade-tmp." + hex(xxh3_64(seed));
}

void put(std::string& out, const void* data, Index bytes) {
  out.append(static_cast<const char*>(data), static_cast<std::size_t>(bytes));
}

void put_number(std::string& out, std::uint64_t value) { put(out, &value, 8); }

/// Memory of a block that was read: columns are views of it.
struct Memory {
  std::vector<std::unique_ptr<std::byte[]>> arrays;
  std::vector<std::shared_ptr<const Dictionary>> dictionaries;
};

const std::byte* copy(Memory& memory, std::span<const std::byte> bytes) {
  auto& array = memory.arrays.emplace_back(
      std::make_unique_for_overwrite<std::byte[]>(bytes.size() + 1));
  if (!bytes.empty()) std::memcpy(array.get(), bytes.data(), bytes.size());
  return array.get();
}

void put_column(std::string& out, const Column& column, Index rows) {
  put_number(out, column.validity != nullptr ? 1 : 0);
  put(out, column.values, rows * width(column.kind));
  if (column.validity != nullptr) put(out, column.validity, (rows + 7) / 8);
  if (column.kind != Kind::text) return;
  const Dictionary& texts = *column.dictionary;
  put_number(out, static_cast<std::uint64_t>(texts.size()));
  std::int64_t end = 0;
  put(out, &end, 8);
  for (Index i = 0; i < texts.size(); ++i) {
    end += static_cast<std::int64_t>(texts[i].size());
    put(out, &end, 8);
  }
  for (Index i = 0; i < texts.size(); ++i) out += texts[i];
}

std::shared_ptr<const Dictionary> take_dictionary(
    Cursor& cursor, Memory& memory, const std::shared_ptr<const void>& owner) {
  const std::uint64_t entries = cursor.u64();
  const auto* offsets = reinterpret_cast<const std::int64_t*>(
      copy(memory, cursor.take((entries + 1) * 8)));
  const auto bytes = static_cast<std::uint64_t>(offsets[entries]);
  const auto* texts = reinterpret_cast<const char*>(copy(memory, cursor.take(bytes)));
  return std::make_shared<Dictionary>(
      std::span<const std::int64_t>(offsets, static_cast<std::size_t>(entries) + 1),
      texts, owner);
}

}  // namespace

struct SpillFile::State {
  std::string path;
  std::unique_ptr<File> out;
  std::unique_ptr<File> in;
  std::vector<Block> blocks;
  Index end = 0;
};

SpillFile::SpillFile(Files& files, const std::string& directory)
    : state_(std::make_unique<State>()) {
  state_->path = join(directory, temporary_name());
  state_->out = files.open(state_->path, OpenMode::create);
  try {
    state_->in = files.open(state_->path, OpenMode::read);
  } catch (...) {
    files.unlink(state_->path);
    throw;
  }
  files.unlink(state_->path);
}

SpillFile::~SpillFile() = default;
SpillFile::SpillFile(SpillFile&&) noexcept = default;

void SpillFile::write(const Chunk& chunk) {
  std::string bytes;
  for (const Column& column : chunk.columns) put_column(bytes, column, chunk.rows);
  const std::span<const char> view(bytes);
  state_->out->write(std::as_bytes(view));
  state_->blocks.push_back(
      {state_->end, static_cast<Index>(bytes.size()), chunk.rows, xxh3_64(bytes)});
  state_->end += static_cast<Index>(bytes.size());
}

Index SpillFile::blocks() const { return static_cast<Index>(state_->blocks.size()); }

std::shared_ptr<const Chunk> SpillFile::read(Index block, const Schema& schema) const {
  const Block& entry = state_->blocks[static_cast<std::size_t>(block)];
  std::vector<std::byte> bytes(static_cast<std::size_t>(entry.bytes));
  state_->in->read_at(entry.offset, bytes);
  Cursor cursor(bytes, state_->path, "spill.check");
  if (xxh3_64(std::span<const std::byte>(bytes)) != entry.xxh3) {
    cursor.fail("a temporary file is not what was written");
  }
  auto memory = std::make_shared<Memory>();
  auto chunk = std::make_shared<Chunk>();
  chunk->rows = entry.rows;
  chunk->bytes = entry.bytes;
  for (const Field& field : schema.fields) {
    Column column{.kind = field.type.kind, .unit = field.type.unit};
    const bool nulls = cursor.u64() != 0;
    const auto rows = static_cast<std::uint64_t>(entry.rows);
    column.values =
        copy(*memory,
             cursor.take(rows * static_cast<std::uint64_t>(width(field.type.kind))));
    if (nulls) {
      column.validity = reinterpret_cast<const std::uint8_t*>(
          copy(*memory, cursor.take((rows + 7) / 8)));
    }
    if (field.type.kind == Kind::text) {
      // The dictionary views memory that the chunk owns as well.
      memory->dictionaries.push_back(take_dictionary(cursor, *memory, nullptr));
      column.dictionary = memory->dictionaries.back().get();
    }
    chunk->columns.push_back(column);
  }
  chunk->owners.push_back(std::move(memory));
  return chunk;
}

}  // namespace lade::io
