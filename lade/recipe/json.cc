// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lade/core/error.h"

namespace lade {
namespace {

/// Builds the value from events, so that depth and size are judged before they cost.
class Builder {
 public:
  Builder(std::string_view source, const Limits& limits)
      : source_(escape_text(source)),
        most_depth_(std::min<Index>(limits.max_nesting, 1'000)),
        most_bytes_(limits.max_metadata_memory) {}

  bool null() { return put(Json{}); }
  bool boolean(bool value) { return put(Json{value}); }
  bool number_integer(std::int64_t value) { return put(Json{value}); }
  bool number_unsigned(std::uint64_t value) {
    if (value > INT64_MAX) return put(Json{static_cast<double>(value)});
    return put(Json{static_cast<std::int64_t>(value)});
  }
  bool number_float(double value, const std::string&) { return put(Json{value}); }
  bool string(std::string& value) {
    spend(static_cast<Index>(value.size()));
    return put(Json{std::move(value)});
  }
  bool binary(std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return open(Json{Json::Object{}}); }
  bool start_array(std::size_t) { return open(Json{Json::Array{}}); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    spend(static_cast<Index>(name.size()));
    if (!levels_.back().keys.insert(name).second) {
      throw ArgumentError(source_ + ": key '" + escape_text(name) + "' is given twice");
    }
    levels_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t at, const std::string& token, const std::exception&) {
    throw ArgumentError(source_ + ": byte " + std::to_string(at) +
                        ": not valid JSON at '" + escape_text(token) + "'");
  }
  Json take() { return std::move(root_); }

 private:
  struct Level {
    Json value;
    std::string key;
    std::set<std::string> keys;
  };

  void spend(Index bytes) {
    bytes_ += bytes;
    if (bytes_ > most_bytes_) {
      throw ArgumentError(source_ + ": needs more than max_metadata_memory = " +
                          std::to_string(most_bytes_) + " bytes");
    }
  }
  bool open(Json value) {
    levels_.push_back({std::move(value), "", {}});
    if (static_cast<Index>(levels_.size()) > most_depth_) {
      throw ArgumentError(source_ + ": nested deeper than max_nesting = " +
                          std::to_string(most_depth_));
    }
    return true;
  }
  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(value));
  }
  bool put(Json value) {
    spend(static_cast<Index>(sizeof(Json)));
    if (levels_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    if (auto* array = std::get_if<Json::Array>(&level.value.value)) {
      array->push_back(std::move(value));
    } else {
      level.value.set(level.key, std::move(value));
    }
    return true;
  }

  std::string source_;
  Index most_depth_, most_bytes_;
  Index bytes_ = 0;
  std::vector<Level> levels_;
  Json root_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view source, const Limits& limits) {
  Builder builder(source, limits);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace lade
