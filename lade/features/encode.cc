// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lade/features/vocabulary.h"

namespace lade {
namespace {

/// Ids that the memo tables may hold in all before they are forgotten.
constexpr std::size_t kMostIds = std::size_t{1} << 20;

/// Ids of a dictionary, and whether each is a value that was never seen or a null.
struct Ids {
  std::vector<std::int64_t> id;
  std::vector<std::uint8_t> unknown;
};

}  // namespace

struct EncodeScratch::State {
  std::map<std::pair<std::uint64_t, std::uint64_t>, Ids>
      tables;  // vocabulary, dictionary
  std::size_t held = 0;
  std::pair<std::uint64_t, std::uint64_t> last_key{0, 0};
  const Ids* last = nullptr;

  const Ids& table(const Vocabulary& vocabulary, const Dictionary& dictionary) {
    const auto key = std::pair(vocabulary.serial(), dictionary.id());
    if (last != nullptr && key == last_key) return *last;
    auto found = tables.find(key);
    if (found == tables.end()) {
      if (held > kMostIds) {
        tables.clear();
        held = 0;
      }
      found = tables.emplace(key, make(vocabulary, dictionary)).first;
      held += found->second.id.size() + 8;
    }
    last_key = key;
    last = &found->second;
    return *last;
  }

  static Ids make(const Vocabulary& vocabulary, const Dictionary& dictionary) {
    Ids ids;
    ids.id.reserve(static_cast<std::size_t>(dictionary.size()));
    for (Index code = 0; code < dictionary.size(); ++code) {
      const Vocabulary::Lookup found = vocabulary.look_up(dictionary[code]);
      ids.id.push_back(found.id);
      ids.unknown.push_back(static_cast<std::uint8_t>(found.kind));
    }
    return ids;
  }
};

EncodeScratch::EncodeScratch() : state_(std::make_unique<State>()) {}
EncodeScratch::~EncodeScratch() = default;
EncodeScratch::EncodeScratch(EncodeScratch&&) noexcept = default;

namespace {

void count(Vocabulary::Found kind, EncodeCounts& counts) {
  counts.unknown += kind == Vocabulary::Found::unknown ? 1 : 0;
  counts.null += kind == Vocabulary::Found::null ? 1 : 0;
}

template <class T>
Vocabulary::Lookup look_up(const Vocabulary& vocabulary, T value) {
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (value > INT64_MAX) return vocabulary.look_up_absent(value);
  }
  return vocabulary.look_up(static_cast<std::int64_t>(value));
}

/// Rows without nulls whose ids stand in a table.
template <class T>
EncodeCounts encode_dense(const Vocabulary& vocabulary, const T* values, Index rows,
                          std::int64_t* ids) {
  EncodeCounts counts;
  const Vocabulary::Dense dense = vocabulary.dense();
  const auto low = static_cast<std::uint64_t>(dense.low);
  for (Index r = 0; r < rows; ++r) {
    const std::uint64_t place = static_cast<std::uint64_t>(values[r]) - low;
    const std::int64_t id = place < dense.id.size() ? dense.id[place] : -1;
    ids[r] = id;
    if (id >= 0) continue;
    const Vocabulary::Lookup found = look_up(vocabulary, values[r]);
    ids[r] = found.id;
    count(found.kind, counts);
  }
  return counts;
}

template <class T>
EncodeCounts encode_integers(const Vocabulary& vocabulary, const Column& column,
                             Index begin, Index rows, std::int64_t* ids) {
  EncodeCounts counts;
  const T* const values = column.as<T>() + begin;
  // The difference to a negative number wraps, and would be that of 2^63 and more.
  constexpr bool kMayWrap = std::is_same_v<T, std::uint64_t>;
  const Vocabulary::Dense dense = vocabulary.dense();
  if (!dense.id.empty() && column.validity == nullptr && !(kMayWrap && dense.low < 0)) {
    return encode_dense(vocabulary, values, rows, ids);
  }
  for (Index r = 0; r < rows; ++r) {
    const Vocabulary::Lookup found =
        column.valid(begin + r)
            ? look_up(vocabulary, values[r])
            : Vocabulary::Lookup{vocabulary.id_of_null(), Vocabulary::Found::null};
    ids[r] = found.id;
    count(found.kind, counts);
  }
  return counts;
}

EncodeCounts encode_texts(const Vocabulary& vocabulary, const Column& column,
                          Index begin, Index rows, EncodeScratch& scratch,
                          std::int64_t* ids) {
  EncodeCounts counts;
  const Ids& table = scratch.state().table(vocabulary, *column.dictionary);
  const std::int32_t* const codes = column.as<std::int32_t>() + begin;
  for (Index r = 0; r < rows; ++r) {
    if (!column.valid(begin + r)) {
      ids[r] = vocabulary.id_of_null();
      ++counts.null;
      continue;
    }
    const auto code = static_cast<std::size_t>(codes[r]);
    const auto kind = static_cast<Vocabulary::Found>(table.unknown[code]);
    // A refused value was remembered, not thrown: look_up meets also values no row has.
    ids[r] = kind == Vocabulary::Found::refused
                 ? vocabulary.id((*column.dictionary)[codes[r]])
                 : table.id[code];
    count(kind, counts);
  }
  return counts;
}

[[noreturn]] void refuse_kind(const Vocabulary& vocabulary, const Column& column) {
  throw ArgumentError(std::string("encode: the vocabulary was fitted on ") +
                      (vocabulary.integers() ? "integers" : "text") +
                      ", the column holds " + std::string(name(column.kind)));
}

}  // namespace

EncodeCounts encode(const Vocabulary& vocabulary, const Column& column, Index begin,
                    Index rows, EncodeScratch& scratch, std::int64_t* ids) {
  const bool is_text = column.kind == Kind::text;
  const bool is_float = column.kind == Kind::f32 || column.kind == Kind::f64;
  if (vocabulary.integers() == is_text || is_float) refuse_kind(vocabulary, column);
  switch (column.kind) {
    case Kind::text:
      return encode_texts(vocabulary, column, begin, rows, scratch, ids);
    case Kind::i8:
      return encode_integers<std::int8_t>(vocabulary, column, begin, rows, ids);
    case Kind::i16:
      return encode_integers<std::int16_t>(vocabulary, column, begin, rows, ids);
    case Kind::i32:
      return encode_integers<std::int32_t>(vocabulary, column, begin, rows, ids);
    case Kind::boolean:
    case Kind::u8:
      return encode_integers<std::uint8_t>(vocabulary, column, begin, rows, ids);
    case Kind::u16:
      return encode_integers<std::uint16_t>(vocabulary, column, begin, rows, ids);
    case Kind::u32:
      return encode_integers<std::uint32_t>(vocabulary, column, begin, rows, ids);
    case Kind::u64:
      return encode_integers<std::uint64_t>(vocabulary, column, begin, rows, ids);
    default:
      return encode_integers<std::int64_t>(vocabulary, column, begin, rows, ids);
  }
}

}  // namespace lade
