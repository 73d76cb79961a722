// SPDX-License-Identifier: Apache-2.0
#include "lade/io/manifest_json.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "lade/core/hash.h"

namespace lade::io {
namespace {

// Objects are sorted by the bytes of their names: nlohmann's map is std::map.
using Json = nlohmann::json;

constexpr std::string_view kUnits[] = {"s", "ms", "us", "ns"};

// Depth is checked before the parser, which would go as deep as the text does.
void check_nesting(std::string_view text, Index most, const std::string& source) {
  Index depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > most) {
        throw DataError({.source = source,
                         .offset = static_cast<Index>(i),
                         .rule = "manifest.nesting",
                         .value = std::to_string(depth)},
                        "max_nesting is " + std::to_string(most) + ", got more");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

// Refuses names that occur twice in an object: which one counts would be a matter of
// taste.
Json parse(std::string_view text, Index max_nesting, const std::string& source) {
  check_nesting(text, max_nesting, source);
  std::vector<std::set<std::string>> names;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key &&
        !names.back().insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  Json json;
  try {
    json = Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::exception& error) {
    throw DataError({.source = source, .rule = "manifest.json"},
                    "not JSON: " + escape_text(error.what()));
  }
  if (!twice.empty()) {
    throw DataError({.source = source, .rule = "manifest.json", .value = twice},
                    "member \"" + escape_text(twice) + "\" occurs twice");
  }
  return json;
}

[[noreturn]] void refuse(const std::string& source, const std::string& member,
                         const std::string& what) {
  throw DataError({.source = source,
                   .offset = {},
                   .row = {},
                   .column = member,
                   .rule = "manifest.member"},
                  "member \"" + member + "\" " + what);
}

std::string text_of(const Json& object, const std::string& name,
                    const std::string& source) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string())
    refuse(source, name, "must be a text");
  return found->get<std::string>();
}

Index count_of(const Json& object, const std::string& name, const std::string& source) {
  const auto found = object.find(name);
  const bool ok =
      found != object.end() && found->is_number_integer() &&
      (!found->is_number_unsigned() ||
       found->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)) &&
      found->get<std::int64_t>() >= 0;
  if (!ok) refuse(source, name, "must be a count");
  return found->get<Index>();
}

std::uint64_t hash_of(const Json& object, const std::string& name,
                      const std::string& source) {
  const std::string text = text_of(object, name, source);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 16 || error != std::errc{} || end != text.data() + text.size()) {
    refuse(source, name, "must have 16 hex digits");
  }
  return value;
}

void check_name(const std::string& name, const std::string& source,
                const Limits& limits) {
  if (static_cast<Index>(name.size()) <= limits.max_name_bytes) return;
  throw DataError({.source = source, .rule = "limits.max_name_bytes", .value = name},
                  "max_name_bytes is " + std::to_string(limits.max_name_bytes) +
                      ", got " + std::to_string(name.size()));
}

Json json_of(const Field& field) {
  Json json{{"name", field.name},
            {"type", name(field.type.kind)},
            {"nullable", field.nullable}};
  if (field.type.kind == Kind::time) {
    json["unit"] = name(field.type.unit);
    if (field.type.date) json["date"] = true;
    if (!field.type.zone.empty()) json["zone"] = field.type.zone;
  }
  return json;
}

Kind kind_of(const std::string& word, const std::string& source) {
  for (int k = 0; k <= static_cast<int>(Kind::text); ++k) {
    if (name(static_cast<Kind>(k)) == word) return static_cast<Kind>(k);
  }
  refuse(source, "type", "is unknown, got \"" + escape_text(word) + "\"");
}

Field field_of(const Json& json, const std::string& source, const Limits& limits) {
  if (!json.is_object()) refuse(source, "schema", "must hold objects");
  Field field;
  field.name = text_of(json, "name", source);
  check_name(field.name, source, limits);
  field.type.kind = kind_of(text_of(json, "type", source), source);
  const auto flag = [&](const char* member, bool otherwise) {
    const auto found = json.find(member);
    if (found == json.end()) return otherwise;
    if (!found->is_boolean()) refuse(source, member, "must be true or false");
    return found->get<bool>();
  };
  field.nullable = flag("nullable", true);
  if (field.type.kind == Kind::time) {
    const std::string unit = text_of(json, "unit", source);
    const auto* found = std::find(std::begin(kUnits), std::end(kUnits), unit);
    if (found == std::end(kUnits)) refuse(source, "unit", "must be s, ms, us or ns");
    field.type.unit = static_cast<TimeUnit>(found - std::begin(kUnits));
    field.type.date = flag("date", false);
    if (json.contains("zone")) field.type.zone = text_of(json, "zone", source);
  }
  return field;
}

ManifestFile file_of(const Json& json, const std::string& source,
                     const Limits& limits) {
  if (!json.is_object()) refuse(source, "files", "must hold objects");
  ManifestFile file;
  file.path = text_of(json, "path", source);
  check_name(file.path, source, limits);
  file.bytes = count_of(json, "bytes", source);
  file.rows = count_of(json, "rows", source);
  file.footer_xxh3 = hash_of(json, "footer_xxh3", source);
  file.xxh3 = hash_of(json, "xxh3", source);
  return file;
}

const Json& list_of(const Json& object, const std::string& name,
                    const std::string& source, Index most, const std::string& limit) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array())
    refuse(source, name, "must be a list");
  if (static_cast<Index>(found->size()) > most) {
    throw DataError({.source = source,
                     .rule = "limits." + limit,
                     .value = std::to_string(found->size())},
                    limit + " is " + std::to_string(most) + ", got " +
                        std::to_string(found->size()));
  }
  return *found;
}

// A newer version may look otherwise in every other member, so it is judged first.
void check_version(const Json& json, const std::string& source) {
  const auto found = json.find("lade_manifest");
  if (found == json.end() || !found->is_number_integer()) {
    throw DataError({.source = source, .rule = "manifest.version"},
                    "member \"lade_manifest\" must be the version, it is missing");
  }
  const std::int64_t version = found->get<std::int64_t>();
  if (version == kManifestVersion) return;
  throw DataError(
      {.source = source, .rule = "manifest.version", .value = std::to_string(version)},
      "manifest version " + std::to_string(version) + " is " +
          (version > kManifestVersion
               ? "newer than this Lade knows (1): a newer Lade is needed"
               : "unknown"));
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::strict);
}

}  // namespace

std::string manifest_json(const Manifest& manifest, const std::string& check) {
  Json json{{"lade_manifest", kManifestVersion},
            {"kind", manifest.kind},
            {"created_by", manifest.created_by},
            {"files", Json::array()},
            {"schema", Json::array()}};
  for (const ManifestFile& file : manifest.files) {
    json["files"].push_back({{"path", file.path},
                             {"bytes", file.bytes},
                             {"rows", file.rows},
                             {"footer_xxh3", hex(file.footer_xxh3)},
                             {"xxh3", hex(file.xxh3)}});
  }
  for (const Field& field : manifest.schema.fields)
    json["schema"].push_back(json_of(field));
  try {
    for (const auto& [name, text] : manifest.more) {
      json[name] = parse(text, Limits{}.max_nesting, "manifest");
    }
    if (!check.empty()) json["check"] = check;
    return dump(json);
  } catch (const DataError& error) {
    throw ArgumentError("manifest: a member must be JSON, got " + error.detail());
  } catch (const Json::exception& error) {
    throw ArgumentError("manifest: text must be UTF-8, got " +
                        escape_text(error.what()));
  }
}

Manifest manifest_of_json(std::string_view text, const std::string& source,
                          const Limits& limits) {
  Json json = parse(text, limits.max_nesting, source);
  if (!json.is_object()) {
    throw DataError({.source = source, .rule = "manifest.json"}, "must be an object");
  }
  check_version(json, source);
  const std::uint64_t check = hash_of(json, "check", source);
  json.erase("check");
  if (xxh3_64(dump(json)) != check) {
    throw DataError({.source = source, .rule = "manifest.check", .value = hex(check)},
                    "the manifest was changed or damaged: its check does not match");
  }
  Manifest manifest;
  manifest.kind = text_of(json, "kind", source);
  manifest.created_by = text_of(json, "created_by", source);
  for (const Json& file :
       list_of(json, "files", source, limits.max_files, "max_files")) {
    manifest.files.push_back(file_of(file, source, limits));
  }
  for (const Json& field :
       list_of(json, "schema", source, limits.max_columns, "max_columns")) {
    manifest.schema.fields.push_back(field_of(field, source, limits));
  }
  for (const auto& [name, value] : json.items()) {
    const bool own = name == "lade_manifest" || name == "kind" ||
                     name == "created_by" || name == "files" || name == "schema";
    if (!own) manifest.more[name] = dump(value);
  }
  return manifest;
}

void Manifest::set_text(const std::string& name, std::string_view value) {
  try {
    more[name] = dump(Json(value));
  } catch (const Json::exception&) {
    throw ArgumentError("manifest: text must be UTF-8, got \"" + escape_text(value) +
                        "\"");
  }
}

void Manifest::set_integer(const std::string& name, std::int64_t value) {
  more[name] = std::to_string(value);
}

std::optional<std::string> Manifest::text(const std::string& name) const {
  const auto found = more.find(name);
  if (found == more.end()) return std::nullopt;
  const Json json = parse(found->second, Limits{}.max_nesting, "manifest");
  if (json.is_string()) return json.get<std::string>();
  throw DataError({.source = "manifest",
                   .offset = {},
                   .row = {},
                   .column = name,
                   .rule = "manifest.type"},
                  "member \"" + name + "\" must be a text");
}

std::optional<std::int64_t> Manifest::integer(const std::string& name) const {
  const auto found = more.find(name);
  if (found == more.end()) return std::nullopt;
  const Json json = parse(found->second, Limits{}.max_nesting, "manifest");
  const bool fits =
      json.is_number_integer() &&
      (!json.is_number_unsigned() ||
       json.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  if (fits) return json.get<std::int64_t>();
  throw DataError({.source = "manifest",
                   .offset = {},
                   .row = {},
                   .column = name,
                   .rule = "manifest.type"},
                  "member \"" + name + "\" must be an integer of 64 bits");
}

void Manifest::set_report(const ReadReport& report) {
  Json dropped = Json::object();
  for (int i = 0; i < kDropReasons; ++i) {
    if (report.dropped[i] > 0)
      dropped[name(static_cast<DropReason>(i))] = report.dropped[i];
  }
  more["read"] = dump(Json{{"rows_seen", report.rows_seen},
                           {"rows_given", report.rows_given},
                           {"rows_filtered", report.rows_filtered},
                           {"dropped", std::move(dropped)},
                           {"rows_out_of_order", report.rows_out_of_order},
                           {"nulls_made", report.nulls_made},
                           {"unproven_end", report.unproven_end}});
}

std::optional<ReadReport> Manifest::report() const {
  const auto found = more.find("read");
  if (found == more.end()) return std::nullopt;
  const std::string source = "manifest: read";
  const Json json = parse(found->second, Limits{}.max_nesting, source);
  const Json dropped = json.is_object() ? json.value("dropped", Json()) : Json();
  if (!dropped.is_object()) refuse(source, "dropped", "must be an object");
  // Far above any file, and so small that no sum of them wraps.
  constexpr Index kMost = Index{1} << 56;
  const auto count = [&](const Json& object, std::string_view member) {
    const Index value = count_of(object, std::string(member), source);
    if (value > kMost) refuse(source, std::string(member), "is too large");
    return value;
  };
  ReadReport report;
  report.rows_seen = count(json, "rows_seen");
  report.rows_given = count(json, "rows_given");
  report.rows_filtered = count(json, "rows_filtered");
  report.rows_out_of_order = count(json, "rows_out_of_order");
  report.nulls_made = count(json, "nulls_made");
  for (int i = 0; i < kDropReasons; ++i) {
    const std::string_view reason = name(static_cast<DropReason>(i));
    if (dropped.contains(reason)) report.dropped[i] = count(dropped, reason);
  }
  const Json end = json.value("unproven_end", Json());
  if (!end.is_boolean()) refuse(source, "unproven_end", "must be true or false");
  report.unproven_end = end.get<bool>();
  if (!report.balanced()) {
    refuse(source, "rows_seen", "must be the sum of rows given, filtered and dropped");
  }
  return report;
}

std::string canonical_json(std::string_view text, Index max_nesting) {
  try {
    return dump(parse(text, max_nesting, "json"));
  } catch (const DataError& error) {
    throw ArgumentError("canonical_json: the text must be JSON, got " + error.detail());
  } catch (const Json::exception& error) {
    throw ArgumentError("canonical_json: text must be UTF-8, got " +
                        escape_text(error.what()));
  }
}

}  // namespace lade::io
