// SPDX-License-Identifier: Apache-2.0
// `<dir>/_lade/manifest.json`: which files of a directory are data.
// docs/formats/manifest.md
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"
#include "lade/io/writer.h"

namespace lade::io {

/// One finished file: what a manifest says of it and what a writer's `finish` returns.
struct ManifestFile {
  std::string path;  // relative to the directory, '/' between its parts
  Index bytes = 0;
  Index rows = 0;
  std::uint64_t footer_xxh3 = 0;  // XXH3-64 of the footer; 0 where the format has none
  std::uint64_t xxh3 = 0;         // XXH3-64 of all bytes
  bool operator==(const ManifestFile&) const = default;
};

inline constexpr int kManifestVersion = 1;

/// What `<dir>/_lade/manifest.json` holds. The members of one kind (entity, time,
/// layout, unit, sequences, events, index, policies, ...) are in `more`.
struct Manifest {
  std::string kind;  // dataset, convert, synth, targets, features
  std::vector<ManifestFile> files;
  Schema schema;
  std::string created_by;  // "lade 0.1.0"
  /// Further members: name -> a JSON value as text. Set it with the functions below or
  /// with any JSON text; it is written in canonical form.
  std::map<std::string, std::string> more;

  void set_text(const std::string& name, std::string_view value);
  void set_integer(const std::string& name, std::int64_t value);
  /// The member if it is there.  Errors: DataError `manifest.type` if it is of another
  /// type.
  std::optional<std::string> text(const std::string& name) const;
  std::optional<std::int64_t> integer(const std::string& name) const;
  /// Member `read`: what reading the data came to. Places of bad rows are not kept.
  void set_report(const ReadReport& report);
  /// Errors: DataError `manifest.member` if its counts do not add up.
  std::optional<ReadReport> report() const;
  /// The file of this relative path, nullptr if it is not listed.
  const ManifestFile* find(std::string_view path) const;
  bool operator==(const Manifest&) const = default;
};

/// `<directory>/_lade/manifest.json`.
std::string manifest_path(std::string_view directory);

/// The canonical JSON of a manifest, `check` included: the same data, the same bytes.
/// Errors: ArgumentError for a path that is not plain relative, a name used twice, or
///         a member of `more` that is not JSON.
std::string manifest_text(const Manifest& manifest);

/// Reads such a text. `source` names it in errors.
///
/// Errors: DataError `manifest.json`, `manifest.version` (newer than known: names the
///         version and asks for a newer Lade), `manifest.check`, `manifest.member`,
///         `manifest.path` (absolute, `..`, a scheme, a backslash or NUL),
///         `manifest.nesting`, `manifest.files`, `manifest.name_bytes`.
Manifest parse_manifest(std::string_view text, const std::string& source,
                        const Limits& limits = {});

/// The manifest of a directory, nullopt if it has none.
/// Errors: as parse_manifest; DataError `file.too_large` over max_metadata_bytes;
/// IoError.
std::optional<Manifest> read_manifest(Files& files, const std::string& directory,
                                      const Limits& limits = {});

/// Makes the directory's files durable by name, then writes the manifest: the commit of
/// everything it lists. Replaces an older one if `options.overwrite`.
void write_manifest(const std::string& directory, const Manifest& manifest,
                    WriteOptions options = {});

/// The canonical form of a JSON text: members sorted by their UTF-8 bytes, no spaces,
/// shortest numbers.  Errors: ArgumentError if it is not JSON or nested too deep.
std::string canonical_json(std::string_view text, Index max_nesting = 64);

}  // namespace lade::io
