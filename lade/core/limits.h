// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/error.h"

namespace lade {

/// Bounds on what a file may claim. A value equal to the limit passes, limit + 1 is
/// refused. Each is in [1, 2^62]. Only the caller raises a limit, never a file.
struct Limits {
  Index max_metadata_bytes = Index{64} << 20;
  Index max_metadata_memory = Index{1} << 30;
  Index max_columns = 100'000;
  Index max_row_groups = 100'000;
  Index max_name_bytes = 4'096;
  Index max_nesting = 64;
  Index max_row_bytes = Index{16} << 20;
  Index max_value_bytes = Index{16} << 20;
  Index max_block_bytes = Index{1} << 30;
  Index max_dictionary_entries = Index{1} << 26;
  Index max_decoded_ratio = 10'000;
  Index max_decoded_floor = Index{1} << 30;
  Index max_zstd_window_bytes = Index{128} << 20;
  Index max_pixels = Index{1} << 26;
  Index max_scans = 100;
  Index max_files = 1'000'000;
  Index max_recipe_bytes = Index{1} << 20;
  Index max_recipe_parts = 10'000;
  Index max_state_bytes = Index{64} << 10;
  Index io_timeout_s = 60;
  Index io_attempts = 6;
  Index io_deadline_s = 300;
};

/// Sets one limit by name, as `--limit max_row_bytes=64MiB` does.
/// Errors: ArgumentError for an unknown name (with the nearest) or a value outside [1,
/// 2^62].
void set_limit(Limits& limits, std::string_view name, Index value);

/// Names of all limits, in the order of the struct, and the value of one.
std::vector<std::string> limit_names();
Index get_limit(const Limits& limits, std::string_view name);

/// Bytes from "65536", "64KiB", "64MiB", "2GiB", "1TiB" (also "64 MiB", "1.5GiB",
/// "10MB"). Errors: ArgumentError naming `what` and the text.
Index parse_bytes(std::string_view text, std::string_view what);

enum class OnBad : std::uint8_t { fail, skip, null };
enum class OnTruncated : std::uint8_t { fail, stop, strict };
enum class OnDisorder : std::uint8_t { sort, fail, skip, keep };

/// Each throws ArgumentError naming the option and the allowed words.
OnBad parse_on_bad(std::string_view word);
OnTruncated parse_on_truncated(std::string_view word);
OnDisorder parse_on_disorder(std::string_view word);
std::string_view name(OnBad value);
std::string_view name(OnTruncated value);
std::string_view name(OnDisorder value);

/// How many bad rows are endured: a count, or a fraction of the rows seen.
struct MaxBad {
  std::optional<Index> count;  // error at bad > count
  double fraction = 0.01;      // error at bad > max(100, fraction * rows_seen)

  /// The largest number of bad rows allowed after `rows_seen` rows.
  Index allowed(Index rows_seen) const;
};

/// What to do with broken input. Policies change bytes, so they belong to the dataset.
struct Policies {
  OnBad on_bad = OnBad::fail;
  MaxBad max_bad;
  OnTruncated on_truncated = OnTruncated::fail;
  OnDisorder on_disorder = OnDisorder::sort;
};

/// Why a row was dropped; the list is closed.
enum class DropReason : std::uint8_t {
  bad_value,
  short_row,
  long_row,
  bad_utf8,
  null_key,
  time_range,
  time_disorder,
  truncated_tail,
  bad_block,
  bad_file
};
inline constexpr int kDropReasons = 10;
std::string_view name(DropReason reason);

/// What reading gave and what it did not.
///
/// rows_seen = rows_given + rows_filtered + sum of dropped, exactly.
struct ReadReport {
  static constexpr std::size_t kMaxPlaces = 100;
  Index rows_seen = 0;
  Index rows_given = 0;
  Index rows_filtered = 0;
  Index dropped[kDropReasons] = {};
  Index rows_out_of_order = 0;
  Index unverified_pages = 0;    // Parquet pages without a checksum
  Index nulls_made = 0;          // values replaced by null under on_bad = null
  std::vector<Place> first_bad;  // at most kMaxPlaces
  bool unproven_end = false;     // a cut at the end could not have been seen

  Index dropped_total() const;
  /// Counts one dropped row and remembers its place if there is room.
  void drop(DropReason reason, Place place);
  /// Adds what a later part of the same input reported.
  void add(const ReadReport& later);
  bool balanced() const {
    return rows_seen == rows_given + rows_filtered + dropped_total();
  }
};

}  // namespace lade
