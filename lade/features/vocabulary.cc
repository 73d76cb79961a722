// SPDX-License-Identifier: Apache-2.0
#include "lade/features/vocabulary.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <charconv>
#include <map>
#include <random>
#include <utility>

#include "lade/core/error.h"
#include "lade/core/hash.h"
#include "lade/core/random.h"

namespace lade {
namespace {

constexpr std::int64_t kIgnored = -100;  // the index that cross-entropy losses skip
constexpr std::string_view kUnknownToken = "__UNKNOWN__";
constexpr std::string_view kMissingToken = "__MISSING__";
constexpr std::string_view kMissingText = "nan";

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [at, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || at != text.data() + text.size()) {
    throw ArgumentError(
        "vocabulary: keys of an integer column must be whole numbers, got '" +
        escape_text(text) + "'");
  }
  return value;
}

[[noreturn]] void refuse(std::string_view rule, std::string_view what,
                         std::string_view value) {
  Place place;
  place.source = "vocabulary";
  place.rule = std::string(rule);
  place.value = std::string(value);
  throw DataError(place, std::string(what) + ", got '" + escape_text(value) + "'");
}

/// Numbers to ids by place, where that takes no more room than a few per number.
class DenseIds {
 public:
  explicit DenseIds(const std::vector<Vocabulary::Entry>& entries) {
    if (entries.empty()) return;
    std::vector<std::int64_t> keys;
    keys.reserve(entries.size());
    for (const Vocabulary::Entry& entry : entries)
      keys.push_back(to_integer(entry.text));
    const auto [low, high] = std::minmax_element(keys.begin(), keys.end());
    const auto span =
        static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
    if (span >= std::max(kLeastPlaces, kPlacesPerKey * keys.size())) return;
    low_ = *low;
    ids_.assign(span + 1, -1);
  }
  void insert(std::int64_t key, std::int64_t id) {
    if (!ids_.empty()) ids_[static_cast<std::size_t>(key - low_)] = id;
  }
  Vocabulary::Dense view() const { return {low_, ids_}; }

 private:
  static constexpr std::size_t kLeastPlaces = 1 << 12;
  static constexpr std::size_t kPlacesPerKey = 8;
  std::int64_t low_ = 0;
  std::vector<std::int64_t> ids_;
};

/// Numbers to ids: open addressing with linear probing, half full at most. The hash is
/// seeded per process, and no result depends on the order of the table.
class IntegerIds {
 public:
  explicit IntegerIds(std::size_t keys) : slots_(std::bit_ceil(2 * keys + 2)) {
    std::random_device device;
    seed_ = random::key(device(), device());
  }
  /// False if the key is there already.
  bool insert(std::int64_t key, std::int64_t id) {
    Slot& slot = slots_[place(key)];
    if (slot.taken) return false;
    slot = {key, id, true};
    return true;
  }
  const std::int64_t* find(std::int64_t key) const {
    const Slot& slot = slots_[place(key)];
    return slot.taken ? &slot.id : nullptr;
  }

 private:
  struct Slot {
    std::int64_t key = 0;
    std::int64_t id = 0;
    bool taken = false;
  };
  std::size_t place(std::int64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = random::mix64(seed_ ^ static_cast<std::uint64_t>(key)) & mask;
    while (slots_[at].taken && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  std::vector<Slot> slots_;
  std::uint64_t seed_ = 0;
};

}  // namespace

struct Vocabulary::State {
  State(const std::vector<Entry>& all, bool whole)
      : integers(whole),
        integer_ids(whole ? all.size() : 0),
        dense_ids(whole ? all : std::vector<Entry>()) {}
  std::vector<Entry> entries;  // in id order, tokens left out
  VocabularyOptions options;
  bool integers = false;
  std::map<std::string, std::int64_t, std::less<>> ids;
  IntegerIds integer_ids;
  DenseIds dense_ids;
  std::map<std::int64_t, std::string> text_of;
  std::int64_t unknown = 0;
  std::int64_t missing = 0;
  Index cardinality = 0;
  std::uint64_t serial = 0;
};

Vocabulary::Vocabulary(std::vector<Entry> entries, VocabularyOptions options,
                       bool integers) {
  using Unknown = VocabularyOptions::Unknown;
  using Missing = VocabularyOptions::Missing;
  auto state = std::make_shared<State>(entries, integers);
  std::int64_t next = options.reserve_padding ? 1 : 0;
  std::int64_t largest = -1;
  const auto give = [&](std::string_view token) {
    state->text_of.emplace(next, token);
    largest = next;
    return next++;
  };
  if (options.unknown == Unknown::zero) state->unknown = give(kUnknownToken);
  if (options.missing == Missing::token) state->missing = give(kMissingToken);
  const bool in_place = options.unknown == Unknown::sorted;
  require(!in_place || options.order == VocabularyOptions::Order::sorted,
          "vocabulary: unknown = \"sorted\" needs order = \"sorted\"");
  bool placed = !in_place;
  const auto place_token = [&] {
    state->unknown = give(kUnknownToken);
    placed = true;
  };
  std::optional<std::int64_t> rare_id;
  for (const Entry& entry : entries) {
    if (!placed && !integers && entry.text >= kUnknownToken) {
      // With the label encoder a value of that text is the token itself.
      place_token();
      if (entry.text == kUnknownToken) continue;
    }
    const std::int64_t id = give(entry.text);
    if (options.rare && entry.text == options.rare->into) rare_id = id;
    bool is_first = false;
    if (integers) {
      const std::int64_t key = to_integer(entry.text);
      is_first = state->integer_ids.insert(key, id);
      state->dense_ids.insert(key, id);
    } else {
      is_first = state->ids.emplace(entry.text, id).second;
    }
    if (!is_first) {
      throw ArgumentError("vocabulary: values must differ, got '" +
                          escape_text(entry.text) + "' twice");
    }
  }
  if (!placed) place_token();
  if (options.unknown == Unknown::last) state->unknown = give(kUnknownToken);
  if (options.unknown == Unknown::ignore || options.unknown == Unknown::fail) {
    state->unknown = kIgnored;
  }
  state->entries = std::move(entries);
  state->options = std::move(options);
  state->cardinality =
      std::max<std::int64_t>(largest + 1, state->options.reserve_padding ? 1 : 0);
  if (state->options.unknown == Unknown::rare) {
    if (!rare_id) {
      throw ArgumentError(
          "vocabulary: unknown = \"rare\" needs rare = { into } among the values");
    }
    state->unknown = *rare_id;
  }
  if (state->options.missing != Missing::token) state->missing = state->unknown;
  if (state->options.missing == Missing::text) {
    const auto found = state->ids.find(kMissingText);
    if (found != state->ids.end()) state->missing = found->second;
  }
  static std::atomic<std::uint64_t> next_serial{
      1};  // a name for memo tables, nothing more
  state->serial = next_serial.fetch_add(1, std::memory_order_relaxed);
  state_ = std::move(state);
}

Index Vocabulary::cardinality() const { return state_->cardinality; }
Index Vocabulary::size() const { return static_cast<Index>(state_->entries.size()); }
const std::vector<Vocabulary::Entry>& Vocabulary::entries() const {
  return state_->entries;
}
const VocabularyOptions& Vocabulary::options() const { return state_->options; }
bool Vocabulary::integers() const { return state_->integers; }

std::int64_t Vocabulary::id_of_null() const {
  const VocabularyOptions& options = state_->options;
  if (options.missing == VocabularyOptions::Missing::fail) {
    refuse("vocabulary.missing", "a value must be there (missing = \"fail\")", "null");
  }
  const bool as_unknown = options.missing == VocabularyOptions::Missing::unknown;
  if (as_unknown && options.unknown == VocabularyOptions::Unknown::fail) {
    refuse("vocabulary.unknown", "value must be known (unknown = \"fail\")", "null");
  }
  return state_->missing;
}

std::int64_t Vocabulary::id(std::optional<std::string_view> raw) const {
  if (!raw) return id_of_null();
  const Lookup found = look_up(*raw);
  if (found.kind != Found::refused) return found.id;
  if (!clean(*raw, state_->options.clean)) return id_of_null();
  refuse("vocabulary.unknown", "value must be known (unknown = \"fail\")", *raw);
}

Vocabulary::Lookup Vocabulary::look_up(std::string_view raw) const {
  using Missing = VocabularyOptions::Missing;
  using Unknown = VocabularyOptions::Unknown;
  const VocabularyOptions& options = state_->options;
  std::optional<std::string> value = clean(raw, options.clean);
  if (!value && options.missing == Missing::text) value = std::string(raw);
  if (!value) {
    const bool refused =
        options.missing == Missing::fail ||
        (options.missing == Missing::unknown && options.unknown == Unknown::fail);
    return {state_->missing, refused ? Found::refused : Found::null};
  }
  const auto found = state_->ids.find(*value);
  if (found != state_->ids.end()) return {found->second, Found::known};
  return {state_->unknown,
          options.unknown == Unknown::fail ? Found::refused : Found::unknown};
}

Vocabulary::Lookup Vocabulary::look_up(std::int64_t value) const {
  const std::int64_t* const found = state_->integer_ids.find(value);
  if (found != nullptr) return {*found, Found::known};
  if (state_->options.unknown == VocabularyOptions::Unknown::fail) {
    refuse("vocabulary.unknown", "value must be known (unknown = \"fail\")",
           std::to_string(value));
  }
  return {state_->unknown, Found::unknown};
}

Vocabulary::Lookup Vocabulary::look_up_absent(std::uint64_t value) const {
  if (state_->options.unknown == VocabularyOptions::Unknown::fail) {
    refuse("vocabulary.unknown", "value must be known (unknown = \"fail\")",
           std::to_string(value));
  }
  return {state_->unknown, Found::unknown};
}

Vocabulary::Dense Vocabulary::dense() const { return state_->dense_ids.view(); }

std::uint64_t Vocabulary::serial() const { return state_->serial; }

std::string Vocabulary::decode(std::int64_t id) const {
  const auto found = state_->text_of.find(id);
  if (found != state_->text_of.end()) return found->second;
  require(id == kIgnored || (id == 0 && state_->options.reserve_padding),
          "vocabulary: id must be in 0.." + std::to_string(cardinality() - 1) +
              ", got " + std::to_string(id));
  return std::string(id == kIgnored ? kUnknownToken : std::string_view());
}

std::uint64_t Vocabulary::xxh3() const {
  Hasher hasher;
  for (const Entry& entry : state_->entries) hasher.field(entry.text);
  return hasher.digest64();
}

}  // namespace lade
