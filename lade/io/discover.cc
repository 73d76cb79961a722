// SPDX-License-Identifier: Apache-2.0
#include "lade/io/discover.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>

namespace lade::io {

namespace {

struct Suffix {
  std::string_view suffix;
  std::string_view format;  // "" = must be converted first
};
constexpr std::array<Suffix, 10> kSuffixes{{{".parquet", "parquet"},
                                            {".arrow", "ipc"},
                                            {".ipc", "ipc"},
                                            {".arrows", "ipc"},
                                            {".feather", "ipc"},
                                            {".csv", "csv"},
                                            {".tsv", "csv"},
                                            {".dbn", ""},
                                            {".dbn.zst", ""},
                                            {".ts", ""}}};

const Suffix* suffix_of(std::string_view name) {
  for (const Suffix& suffix : kSuffixes) {
    if (name.size() > suffix.suffix.size() && name.ends_with(suffix.suffix))
      return &suffix;
  }
  return nullptr;
}

bool hidden(std::string_view name) {
  return name.empty() || name.front() == '_' || name.front() == '.';
}

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const auto cut = std::min(path.find('/'), path.size());
    if (cut > 0) out.emplace_back(path.substr(0, cut));
    path.remove_prefix(std::min(cut + 1, path.size()));
  }
  return out;
}

/// "a%2Fb" -> "a/b"; a `%` without two hex digits stays.
std::string decode_percent(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (escape) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

class Walker {
 public:
  Walker(const SourceOptions& source, const Limits& limits, Files& files,
         const std::function<void()>& poll)
      : source_(source), limits_(limits), files_(files), poll_(poll) {}

  std::vector<std::string> found;              // paths of data files
  std::map<std::string, std::string> formats;  // with the first file of each
  std::string must_convert;  // a file of a format that is not read here

  /// A path that was typed: a file of any name, a directory or a glob.
  void add(const std::string& path) {
    if (has_wildcard(path) && !files_.exists(path)) {
      const bool absolute = path.front() == '/';
      glob(absolute ? "/" : "", split_path(path), 0);
      return;
    }
    const FileStat stat = files_.stat(path);
    if (stat.kind == FileKind::directory) {
      walk(path, 0);
    } else {
      require_regular(path, stat);
      add_file(path, /*named=*/true);
    }
  }

 private:
  void require_regular(const std::string& path, const FileStat& stat) const {
    if (stat.kind == FileKind::regular) return;
    if (stat.kind == FileKind::directory)
      throw IoError(path, EISDIR, "opening it as a data file");
    throw IoError(path, EINVAL, "opening it: not a regular file");
  }

  void add_file(const std::string& path, bool named) {
    if (poll_) poll_();
    const Suffix* suffix = suffix_of(file_name(path));
    if (suffix != nullptr && suffix->format.empty() &&
        (!named || source_.format.empty())) {
      must_convert = path;
      return;
    }
    if (!named) {
      if (suffix == nullptr) return;
      if (!source_.format.empty() && suffix->format != source_.format) return;
    }
    formats.emplace(format_of(path, source_), path);
    found.push_back(path);
    if (static_cast<Index>(found.size()) > limits_.max_files) {
      throw DataError({path, {}, {}, "", "limits.max_files", ""},
                      "more than " + std::to_string(limits_.max_files) + " files");
    }
  }

  void check_name(const std::string& directory, const std::string& name) const {
    if (static_cast<Index>(name.size()) <= limits_.max_name_bytes) return;
    throw DataError({directory, {}, {}, "", "limits.max_name_bytes", name},
                    "name of " + std::to_string(name.size()) + " bytes");
  }

  void walk(const std::string& directory, Index depth) {
    enter(directory, depth);
    for (const std::string& name : files_.list(directory)) {
      check_name(directory, name);
      if (hidden(name)) continue;
      visit(join(directory, name), depth);
    }
    above_.pop_back();
  }

  void visit(const std::string& path, Index depth) {
    const FileStat stat = files_.stat(path);
    const Suffix* suffix = suffix_of(file_name(path));
    if (stat.kind == FileKind::directory && suffix == nullptr) {
      walk(path, depth + 1);
    } else if (suffix != nullptr) {
      require_regular(path, stat);
      add_file(path, /*named=*/false);
    }
  }

  /// Notes the directory; one that is open above is a circle of links.
  void enter(const std::string& directory, Index depth) {
    if (depth > limits_.max_nesting) {
      throw DataError(
          {directory, {}, {}, "", "limits.max_nesting", ""},
          "directories nested deeper than " + std::to_string(limits_.max_nesting));
    }
    const FileStat stat = files_.stat(directory);
    const std::pair<std::uint64_t, std::uint64_t> id{stat.device, stat.inode};
    if (stat.inode != 0 &&
        std::find(above_.begin(), above_.end(), id) != above_.end()) {
      throw IoError(directory, ELOOP, "listing it");
    }
    above_.push_back(id);
  }

  void glob(const std::string& base, const std::vector<std::string>& parts,
            std::size_t i) {
    const bool last = i + 1 == parts.size();
    const std::string at = base.empty() ? "." : base;
    if (!has_wildcard(parts[i])) {
      const std::string next = base.empty() ? parts[i] : join(base, parts[i]);
      if (!files_.exists(next)) return;
      if (last)
        add_match(next);
      else
        glob(next, parts, i + 1);
      return;
    }
    if (files_.stat(at).kind != FileKind::directory) return;
    const bool any_depth = parts[i] == "**";
    if (any_depth && !last) glob(base, parts, i + 1);
    enter(at, static_cast<Index>(above_.size()));
    for (const std::string& name : files_.list(at)) {
      check_name(at, name);
      const bool dotted = name.front() == '.' && parts[i].front() != '.';
      if (dotted || (any_depth && hidden(name))) continue;
      if (!any_depth && fnmatch(parts[i].c_str(), name.c_str(), 0) != 0) continue;
      const std::string next = base.empty() ? name : join(base, name);
      const bool directory = files_.stat(next).kind == FileKind::directory;
      if (any_depth && directory)
        glob(next, parts, i);
      else if (last)
        add_match(next);
      else if (directory && !any_depth)
        glob(next, parts, i + 1);
    }
    above_.pop_back();
  }

  /// What a glob met: data below a directory, else a file by its suffix.
  void add_match(const std::string& path) {
    if (hidden(file_name(path))) return;
    const FileStat stat = files_.stat(path);
    if (stat.kind == FileKind::directory) {
      walk(path, static_cast<Index>(above_.size()));
      return;
    }
    require_regular(path, stat);
    const bool known = suffix_of(file_name(path)) != nullptr || !source_.format.empty();
    if (known) add_file(path, suffix_of(file_name(path)) == nullptr);
  }

  const SourceOptions& source_;
  const Limits& limits_;
  Files& files_;
  const std::function<void()>& poll_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> above_;
};

std::string suffixes_tried(const std::string& format) {
  std::string out;
  for (const Suffix& suffix : kSuffixes) {
    const bool wanted =
        format.empty() ? !suffix.format.empty() : suffix.format == format;
    if (wanted) out += (out.empty() ? "" : " ") + std::string(suffix.suffix);
  }
  return out;
}

/// The longest directory that all paths are below.
std::string common_directory(const std::vector<std::string>& paths) {
  std::string common(directory_of(paths.front()));
  for (const auto& path : paths) {
    for (;;) {
      const bool below = common == "."
                             ? path.front() != '/'
                             : path.starts_with(common == "/" ? "/" : common + "/");
      if (below) break;
      const std::string shorter(directory_of(common));
      if (shorter == common) return common;
      common = shorter;
    }
  }
  return common;
}

void check_parts(const std::vector<FoundFile>& files) {
  const auto same_keys = [](const FoundFile& a, const FoundFile& b) {
    return std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                      [](const auto& x, const auto& y) { return x.first == y.first; });
  };
  for (const auto& file : files) {
    if (same_keys(file, files.front())) continue;
    throw DataError({file.path, {}, {}, "", "dataset.parts", ""},
                    "key=value directories must be those of " +
                        escape_text(files.front().relative));
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parts_of(std::string_view relative) {
  std::vector<std::pair<std::string, std::string>> out;
  auto names = split_path(relative);
  names.pop_back();
  for (const auto& name : names) {
    const auto equals = name.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    out.emplace_back(decode_percent(std::string_view(name).substr(0, equals)),
                     decode_percent(std::string_view(name).substr(equals + 1)));
  }
  return out;
}

Discovery discover(const std::vector<std::string>& paths, const SourceOptions& source,
                   const Limits& limits, Files& files,
                   const std::function<void()>& poll) {
  require(!paths.empty(), "open: at least one path is needed");
  Walker walker(source, limits, files, poll);
  for (const auto& path : paths) {
    require(!path.empty(), "open: a path must not be empty");
    walker.add(path);
  }
  Discovery out;
  if (walker.found.empty() || !walker.must_convert.empty()) {
    require(walker.must_convert.empty(),
            "open: " + escape_text(walker.must_convert) +
                " must be converted first: " + convert_command(paths, "", ""));
    std::string all;
    for (const auto& path : paths) all += (all.empty() ? "" : ", ") + path;
    throw IoError(all, ENOENT,
                  "looking for files ending in " + suffixes_tried(source.format));
  }
  if (walker.formats.size() > 1) {
    std::string words;
    for (const auto& [format, path] : walker.formats)
      words += (words.empty() ? "" : ", ") + format + ": " + escape_text(path);
    throw ArgumentError("open: files of several formats (" + words +
                        "); a dataset has one: name its files alone, or choose those "
                        "below a directory by source format");
  }
  out.format = walker.formats.begin()->first;
  const bool one_directory = paths.size() == 1 && files.exists(paths[0]) &&
                             files.stat(paths[0]).kind == FileKind::directory;
  if (one_directory) out.directory = paths[0];
  out.root = one_directory ? paths[0] : common_directory(walker.found);
  while (out.root.size() > 1 && out.root.ends_with('/')) out.root.pop_back();
  for (const auto& path : walker.found) {
    std::string relative = path;
    if (relative.starts_with(out.root)) relative.erase(0, out.root.size());
    while (relative.starts_with('/')) relative.erase(0, 1);
    out.files.push_back({path, relative, parts_of(relative)});
  }
  std::sort(
      out.files.begin(), out.files.end(),
      [](const FoundFile& a, const FoundFile& b) { return a.relative < b.relative; });
  const auto twice = std::adjacent_find(
      out.files.begin(), out.files.end(),
      [](const FoundFile& a, const FoundFile& b) { return a.path == b.path; });
  require(twice == out.files.end(),
          "open: " + (twice == out.files.end() ? "" : escape_text(twice->path)) +
              " is named twice");
  check_parts(out.files);
  return out;
}

std::string convert_command(const std::vector<std::string>& paths,
                            const std::string& entity, const std::string& time) {
  std::string out = "lade convert";
  for (const auto& path : paths) out += " '" + escape_text(path) + "'";
  out += " TARGET";
  if (!entity.empty()) out += " --entity '" + escape_text(entity) + "'";
  if (!time.empty()) out += " --time '" + escape_text(time) + "'";
  return out;
}

}  // namespace lade::io
