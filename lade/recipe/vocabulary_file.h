// SPDX-License-Identifier: Apache-2.0
// Vocabularies too large for a recipe's text: Arrow files beside it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/limits.h"
#include "lade/features/vocabulary.h"

namespace lade {

/// Vocabularies of more values than this get a file of their own.
inline constexpr Index kInlineValues = 4096;

/// "<input>.vocabulary.arrow", whatever the characters of the input's name.
std::string vocabulary_file_name(std::string_view input);

/// An Arrow IPC file of the values in id order: value (utf8, or int64 of whole
/// numbers), count int64. The same vocabulary gives the same bytes.
std::string vocabulary_bytes(const Vocabulary& vocabulary);

/// Writes the bytes; a file that has them already stays as it is.
/// Errors: ArgumentError if another file is there, without `overwrite`; IoError.
void write_vocabulary(const std::string& path, std::string_view bytes, bool overwrite);

/// Errors: DataError `recipe.vocabulary` if the file is not there, has another hash, or
///         is not as vocabulary_bytes writes it; IoError.
std::vector<Vocabulary::Entry> read_vocabulary(const std::string& path,
                                               std::uint64_t xxh3, bool integers,
                                               const Limits& limits);

}  // namespace lade
