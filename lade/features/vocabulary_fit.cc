// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lade/core/error.h"
#include "lade/core/integer_at.h"
#include "lade/features/vocabulary.h"

namespace lade {
namespace {

constexpr std::size_t kPending = std::size_t{1} << 16;  // integers sorted at a time

struct Seen {
  Index count = 0;
  Index first_row = std::numeric_limits<Index>::max();

  void add(Index more, Index row) {
    count += more;
    first_row = std::min(first_row, row);
  }
};

/// A value with what decides its place.
struct Candidate {
  std::string text;
  std::int64_t number = 0;
  Seen seen;
  bool kept = false;  // the class of the rare: no cut takes it
};

}  // namespace

struct VocabularyFitter::State {
  VocabularyOptions options;
  Limits limits;
  std::string column;
  bool integers = false;
  Index nulls = 0;
  Index rare = 0;
  std::map<std::string, Seen, std::less<>> texts;  // as they were read
  std::map<std::int64_t, Seen> numbers;
  std::vector<std::pair<std::int64_t, Index>> pending;  // value, row
  std::uint64_t dictionary_id = 0;                      // no dictionary has it
  std::vector<Seen*> by_code;  // into `texts`, whose nodes stay where they are

  void check_size(std::size_t distinct) const {
    if (static_cast<Index>(distinct) <= limits.max_dictionary_entries) return;
    Place place;
    place.source = "fit";
    place.column = column;
    place.rule = "limits.max_dictionary_entries";
    throw DataError(place, "at most " + std::to_string(limits.max_dictionary_entries) +
                               " distinct values are allowed");
  }

  [[noreturn]] void refuse_large(const Column& from, Index row) const {
    Place place;
    place.source = "fit";
    place.column = column;
    place.rule = "vocabulary.range";
    place.value = std::to_string(from.as<std::uint64_t>()[row]);
    throw DataError(place, "a category of whole numbers must be <= 2^63 - 1, got " +
                               place.value + "; give the column as text");
  }

  void flush_numbers() {
    std::sort(pending.begin(), pending.end());
    for (std::size_t i = 0; i < pending.size();) {
      std::size_t end = i;
      while (end < pending.size() && pending[end].first == pending[i].first) ++end;
      numbers[pending[i].first].add(static_cast<Index>(end - i), pending[i].second);
      i = end;
    }
    pending.clear();
    check_size(numbers.size());
  }

  /// What is known of a code's text; found once per dictionary and text.
  Seen& seen_of(const Dictionary& dictionary, std::int32_t code) {
    if (dictionary.id() != dictionary_id) {
      dictionary_id = dictionary.id();
      by_code.assign(static_cast<std::size_t>(dictionary.size()), nullptr);
    }
    Seen*& known = by_code[static_cast<std::size_t>(code)];
    if (known == nullptr) {
      const std::string_view text = dictionary[code];
      auto found = texts.find(text);
      if (found == texts.end()) {
        found = texts.emplace(std::string(text), Seen{}).first;
        check_size(texts.size());
      }
      known = &found->second;
    }
    return *known;
  }

  std::vector<Candidate> candidates();
  void join_rare(std::vector<Candidate>& values);
  void sort(std::vector<Candidate>& values) const;
};

VocabularyFitter::VocabularyFitter(VocabularyOptions options, const Limits& limits,
                                   std::string column)
    : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->limits = limits;
  state_->column = std::move(column);
}
VocabularyFitter::~VocabularyFitter() = default;

void VocabularyFitter::add(const Column& column, Index begin, Index rows,
                           Index first_row) {
  State& state = *state_;
  if (column.kind == Kind::f32 || column.kind == Kind::f64) {
    throw ArgumentError("fit: column '" + escape_text(state.column) +
                        "' holds floats, which cannot be categories");
  }
  state.integers = column.kind != Kind::text;
  if (state.integers) {
    for (Index r = 0; r < rows; ++r) {
      if (!column.valid(begin + r)) {
        ++state.nulls;
        continue;
      }
      const std::int64_t value = integer_at(column, begin + r);
      if (column.kind == Kind::u64 && value < 0) state.refuse_large(column, begin + r);
      state.pending.emplace_back(value, first_row + r);
      if (state.pending.size() >= kPending) state.flush_numbers();
    }
    return;
  }
  const std::int32_t* const codes = column.as<std::int32_t>();
  for (Index r = 0; r < rows; ++r) {
    if (!column.valid(begin + r)) {
      ++state.nulls;
    } else {
      state.seen_of(*column.dictionary, codes[begin + r]).add(1, first_row + r);
    }
  }
}

Index VocabularyFitter::nulls() const { return state_->nulls; }
Index VocabularyFitter::rare() const { return state_->rare; }

std::vector<Candidate> VocabularyFitter::State::candidates() {
  std::vector<Candidate> values;
  if (integers) {
    flush_numbers();
    for (const auto& [number, seen] : numbers) {
      values.push_back({std::to_string(number), number, seen, false});
    }
    return values;
  }
  const bool as_text = options.missing == VocabularyOptions::Missing::text;
  std::map<std::string, Seen, std::less<>> cleaned;
  for (const auto& [raw, seen] : texts) {
    std::optional<std::string> value = clean(raw, options.clean);
    if (!value && !as_text) {
      nulls += seen.count;
      continue;
    }
    cleaned[value ? *value : raw].add(seen.count, seen.first_row);
  }
  if (as_text && nulls > 0)
    cleaned["nan"].add(nulls, std::numeric_limits<Index>::max() - 1);
  const auto token = cleaned.find(std::string_view("__UNKNOWN__"));
  if (token != cleaned.end() && !options.label_encoder) {
    Place place;
    place.source = "fit";
    place.column = column;
    place.row = token->second.first_row;
    place.rule = "vocabulary.token";
    place.value = "__UNKNOWN__";
    throw DataError(place,
                    "the text __UNKNOWN__ stands for unseen values and may not occur");
  }
  for (const auto& [text, seen] : cleaned) values.push_back({text, 0, seen, false});
  return values;
}

void VocabularyFitter::State::join_rare(std::vector<Candidate>& values) {
  if (!options.rare) return;
  Candidate into{options.rare->into, 0, {}, true};
  std::vector<Candidate> kept;
  // Unseen values need the class as well where they are to become it.
  bool made =
      options.rare->always || options.unknown == VocabularyOptions::Unknown::rare;
  for (Candidate& value : values) {
    if (value.text != into.text && value.seen.count >= options.rare->min_count) {
      kept.push_back(std::move(value));
      continue;
    }
    if (value.text != into.text) rare += value.seen.count;
    into.seen.add(value.seen.count, value.seen.first_row);
    made = true;
  }
  if (made) kept.push_back(std::move(into));
  values = std::move(kept);
}

void VocabularyFitter::State::sort(std::vector<Candidate>& values) const {
  const auto by_value = [](const Candidate& a, const Candidate& b) {
    return a.number != b.number ? a.number < b.number : a.text < b.text;
  };
  const auto by_count = [&](const Candidate& a, const Candidate& b) {
    return a.seen.count != b.seen.count ? a.seen.count > b.seen.count : by_value(a, b);
  };
  std::erase_if(values, [&](const Candidate& v) {
    return !v.kept && v.seen.count < options.min_count;
  });
  const auto most = static_cast<std::size_t>(options.max_size);
  if (most > 0 && values.size() > most) {
    std::sort(values.begin(), values.end(),
              [&](const Candidate& a, const Candidate& b) {
                return a.kept != b.kept ? a.kept : by_count(a, b);
              });
    values.resize(most);
  }
  using Order = VocabularyOptions::Order;
  switch (options.order) {
    case Order::sorted:
      std::sort(values.begin(), values.end(), by_value);
      break;
    case Order::frequency:
      std::sort(values.begin(), values.end(), by_count);
      break;
    case Order::first_seen:
      std::sort(values.begin(), values.end(),
                [&](const Candidate& a, const Candidate& b) {
                  return a.seen.first_row != b.seen.first_row
                             ? a.seen.first_row < b.seen.first_row
                             : by_value(a, b);
                });
      break;
  }
}

Vocabulary VocabularyFitter::finish() {
  State& state = *state_;
  std::vector<Candidate> values = state.candidates();
  require(!values.empty(), "fit: column '" + escape_text(state.column) +
                               "' has no value to learn from (" +
                               std::to_string(state.nulls) + " nulls)");
  state.join_rare(values);
  state.sort(values);
  std::vector<Vocabulary::Entry> entries;
  entries.reserve(values.size());
  for (Candidate& value : values)
    entries.push_back({std::move(value.text), value.seen.count});
  return {std::move(entries), state.options, state.integers};
}

}  // namespace lade
