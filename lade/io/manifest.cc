// SPDX-License-Identifier: Apache-2.0
#include "lade/io/manifest.h"

#include <algorithm>
#include <set>

#include "lade/core/hash.h"
#include "lade/io/manifest_json.h"

namespace lade::io {
namespace {

constexpr std::string_view kKnown[] = {"lade_manifest", "kind",       "files",
                                       "schema",        "created_by", "check"};

bool is_known(std::string_view name) {
  return std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
}

// Plain relative: no way out of the directory, and no other meaning on any system.
bool is_plain_relative(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != path.npos ||
      path.find('\\') != path.npos || path.find(':') != path.npos) {
    return false;
  }
  std::size_t at = 0;
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = slash + 1;
  }
  return true;
}

}  // namespace

std::string manifest_path(std::string_view directory) {
  return join(join(directory, "_lade"), "manifest.json");
}

const ManifestFile* Manifest::find(std::string_view path) const {
  const auto found =
      std::find_if(files.begin(), files.end(),
                   [&](const ManifestFile& f) { return f.path == path; });
  return found == files.end() ? nullptr : &*found;
}

std::string manifest_text(const Manifest& manifest) {
  std::set<std::string_view> paths;
  for (const ManifestFile& file : manifest.files) {
    require(is_plain_relative(file.path),
            "manifest: a path must be plain relative, got \"" + escape_text(file.path) +
                "\"");
    require(paths.insert(file.path).second, "manifest: a path must occur once, got \"" +
                                                escape_text(file.path) + "\" twice");
  }
  for (const auto& [name, value] : manifest.more) {
    require(!is_known(name), "manifest: member \"" + name + "\" has its own place");
  }
  const std::string body = manifest_json(manifest, "");
  return manifest_json(manifest, hex(xxh3_64(body)));
}

Manifest parse_manifest(std::string_view text, const std::string& source,
                        const Limits& limits) {
  const Manifest manifest = manifest_of_json(text, source, limits);
  std::set<std::string_view> paths;
  for (const ManifestFile& file : manifest.files) {
    if (!is_plain_relative(file.path) || !paths.insert(file.path).second) {
      throw DataError({.source = source, .rule = "manifest.path", .value = file.path},
                      "a path must be plain relative and occur once, got \"" +
                          escape_text(file.path) + "\"");
    }
  }
  return manifest;
}

std::optional<Manifest> read_manifest(Files& files, const std::string& directory,
                                      const Limits& limits) {
  const std::string path = manifest_path(directory);
  if (!files.exists(path)) return std::nullopt;
  return parse_manifest(read_all(files, path, limits.max_metadata_bytes), path, limits);
}

void write_manifest(const std::string& directory, const Manifest& manifest,
                    WriteOptions options) {
  Files& files = options.files != nullptr ? *options.files : real_files();
  const std::string text = manifest_text(manifest);
  const std::string inside = join(directory, "_lade");
  if (!files.exists(inside)) files.make_directory(inside);
  if (options.durable) {
    // A durable manifest must not name a file whose own name is not durable yet.
    std::set<std::string> directories{directory};
    for (const ManifestFile& file : manifest.files) {
      directories.insert(std::string(directory_of(join(directory, file.path))));
    }
    for (const std::string& each : directories) files.sync_directory(each);
  }
  write_file(manifest_path(directory), text, std::move(options));
}

}  // namespace lade::io
