// SPDX-License-Identifier: Apache-2.0
#include "lade/io/row_group_cache.h"

#include <condition_variable>
#include <limits>
#include <mutex>
#include <unordered_map>

namespace lade::io {

namespace {

constexpr Index kNotExpected = std::numeric_limits<Index>::max();

struct Entry {
  std::shared_ptr<const Chunk> chunk;  // nullptr while it is loaded
  Index last_use = 0;
};

}  // namespace

struct RowGroupCache::State {
  std::mutex mutex;
  std::condition_variable loaded;
  std::unordered_map<Index, Entry> entries;
  std::unordered_map<Index, Index> expected;  // row group -> place in the plan
  Index clock = 0;
  Index bytes = 0;
  Index hits = 0;

  /// Forgets the row group that is worth least; false if all are in use.
  bool evict_one() {
    auto worst = entries.end();
    Index worst_next = -1;
    for (auto it = entries.begin(); it != entries.end(); ++it) {
      if (!it->second.chunk || it->second.chunk.use_count() > 1) continue;
      const auto known = expected.find(it->first);
      const Index next = known == expected.end() ? kNotExpected : known->second;
      if (worst == entries.end() || next > worst_next ||
          (next == worst_next && it->second.last_use < worst->second.last_use)) {
        worst = it;
        worst_next = next;
      }
    }
    if (worst == entries.end()) return false;
    bytes -= worst->second.chunk->bytes;
    entries.erase(worst);
    return true;
  }
};

RowGroupCache::RowGroupCache(Index max_bytes)
    : max_bytes_(max_bytes), state_(std::make_unique<ForkLocal<State>>()) {}

RowGroupCache::~RowGroupCache() = default;

std::shared_ptr<const Chunk> RowGroupCache::get(Index g,
                                                const std::function<Loaded()>& load) {
  State& state = state_->get();
  {
    std::unique_lock lock(state.mutex);
    for (;;) {
      const auto found = state.entries.find(g);
      if (found == state.entries.end()) break;
      if (found->second.chunk) {
        state.expected.erase(g);
        found->second.last_use = ++state.clock;
        ++state.hits;
        return found->second.chunk;
      }
      state.loaded.wait(lock);
    }
    state.entries.emplace(g, Entry{});
  }
  Loaded result;
  try {
    result = load();
  } catch (...) {
    const std::lock_guard lock(state.mutex);
    state.entries.erase(g);
    state.loaded.notify_all();
    throw;
  }
  const std::lock_guard lock(state.mutex);
  state.expected.erase(g);
  if (result.keep && result.chunk->bytes <= max_bytes_) {
    Entry& entry = state.entries[g];
    entry.chunk = result.chunk;
    entry.last_use = ++state.clock;
    state.bytes += result.chunk->bytes;
    while (state.bytes > max_bytes_ && state.evict_one()) {
    }
  } else {
    state.entries.erase(g);
  }
  state.loaded.notify_all();
  return result.chunk;
}

bool RowGroupCache::holds(Index g) const {
  State& state = state_->get();
  const std::lock_guard lock(state.mutex);
  const auto found = state.entries.find(g);
  return found != state.entries.end() && found->second.chunk != nullptr;
}

void RowGroupCache::expect(std::span<const Index> row_groups) {
  State& state = state_->get();
  const std::lock_guard lock(state.mutex);
  state.expected.clear();
  Index place = 0;
  for (const Index g : row_groups) state.expected.emplace(g, place++);
}

void RowGroupCache::trim(Index keep_bytes) {
  State& state = state_->get();
  const std::lock_guard lock(state.mutex);
  while (state.bytes > keep_bytes && state.evict_one()) {
  }
}

Index RowGroupCache::bytes() const {
  State& state = state_->get();
  const std::lock_guard lock(state.mutex);
  return state.bytes;
}

Index RowGroupCache::hits() const {
  State& state = state_->get();
  const std::lock_guard lock(state.mutex);
  return state.hits;
}

}  // namespace lade::io
