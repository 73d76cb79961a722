// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"

namespace lade {

/// Steps on each distinct text, left to right (training.md 3.1).
struct CleanStep {
  enum class Kind : std::uint8_t {
    trim,
    lower,
    upper,
    collapse,
    replace
  } kind = Kind::trim;
  std::string from, to;  // of replace
  bool operator==(const CleanStep&) const = default;
};
struct CleanOptions {
  std::vector<CleanStep> steps = {{CleanStep::Kind::trim, "", ""}};
  std::vector<std::string> nulls = {""};  // after cleaning, ASCII case folded
  bool operator==(const CleanOptions&) const = default;
};
/// The cleaned text, or nullopt when it is one of `nulls`.
std::optional<std::string> clean(std::string_view text, const CleanOptions& options);
/// "trim", "lower", "replace(' ', '_')".  Errors: ArgumentError with the nearest step.
CleanStep parse_clean_step(std::string_view text);

struct VocabularyOptions {
  enum class Order : std::uint8_t {
    sorted,
    frequency,
    first_seen
  } order = Order::sorted;
  enum class Unknown : std::uint8_t {
    zero,
    sorted,
    last,
    rare,
    ignore,
    fail
  } unknown = Unknown::zero;
  enum class Missing : std::uint8_t {
    unknown,
    token,
    text,
    fail
  } missing = Missing::unknown;
  CleanOptions clean;
  Index min_count = 1;
  Index max_size = 0;  // 0 = none
  struct Rare {
    Index min_count = 1;
    std::string into;
    bool always = false;
  };
  std::optional<Rare> rare;
  bool reserve_padding = false;
  bool label_encoder = false;  // compat
};

/// A category's values and their ids. Immutable; built by a VocabularyFitter or read
/// back.
class Vocabulary {
 public:
  struct Entry {
    std::string text;  // integers as decimal text
    Index count = 0;
  };
  /// `integers`: keys are numbers, sorted by value.
  /// Errors: ArgumentError if a value comes twice, a key is no number, or unknown =
  /// rare
  ///         without the class among the values.
  Vocabulary(std::vector<Entry> entries, VocabularyOptions options, bool integers);
  Index cardinality() const;                  // largest id + 1
  Index size() const;                         // values
  const std::vector<Entry>& entries() const;  // in id order
  const VocabularyOptions& options() const;
  bool integers() const;
  /// Id of a cleaned (or raw) value; unknown and null by the options.
  /// Errors: DataError when the options say fail.
  std::int64_t id(std::optional<std::string_view> raw) const;
  /// The same without an error: `refused` where the options say fail.
  enum class Found : std::uint8_t { known, unknown, null, refused };
  struct Lookup {
    std::int64_t id = 0;
    Found kind = Found::known;
  };
  Lookup look_up(std::string_view raw) const;
  /// A whole number; throws as `id`.
  Lookup look_up(std::int64_t value) const;
  /// What a number is that no vocabulary holds; throws as `id`.
  Lookup look_up_absent(std::uint64_t value) const;
  std::int64_t id_of_null() const;
  /// Where the numbers lie close together: the id of `low + i`, -1 where none is.
  struct Dense {
    std::int64_t low = 0;
    std::span<const std::int64_t> id;  // empty if they lie apart
  };
  Dense dense() const;
  /// Text of an id, for decode.
  std::string decode(std::int64_t id) const;
  std::uint64_t xxh3() const;  // of the texts in id order
  /// Differs between any two vocabularies of a process; a key for memo tables.
  std::uint64_t serial() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// Memo of a text column: ids of one chunk's dictionary, made once per (vocabulary,
/// dictionary).
class EncodeScratch {
 public:
  EncodeScratch();
  ~EncodeScratch();
  EncodeScratch(EncodeScratch&&) noexcept;
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// ids[r] of rows [begin, begin + rows) of a text or integer column.
///
/// Returns how many were unknown (unseen value) and how many null.
/// A number above 2^63 - 1 is in no vocabulary: unknown.
/// Errors: ArgumentError if the vocabulary was fitted on the other kind of column, or
/// the
///         column holds floats; DataError where the options say fail.
struct EncodeCounts {
  Index unknown = 0;
  Index null = 0;
};
EncodeCounts encode(const Vocabulary& vocabulary, const Column& column, Index begin,
                    Index rows, EncodeScratch& scratch, std::int64_t* ids);

/// Learns a vocabulary from chunks in storage order, one visit per distinct value.
class VocabularyFitter {
 public:
  VocabularyFitter(VocabularyOptions options, const Limits& limits, std::string column);
  ~VocabularyFitter();
  /// Rows of the training part; `first_row` orders first_seen across chunks.
  /// Errors: ArgumentError for a column of floats; DataError above
  ///         max_dictionary_entries, `vocabulary.range` for a number above 2^63 - 1.
  void add(const Column& column, Index begin, Index rows, Index first_row);
  Index nulls() const;
  Index rare() const;
  /// Errors: ArgumentError if no value was seen; DataError if `__UNKNOWN__` was.
  Vocabulary finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
