// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "lade/core/hash.h"
#include "lade/loading/loader.h"

namespace lade {
namespace {

constexpr Index kVersion = 1;

// Alphabetical: the order of the canonical text.
constexpr std::array<std::string_view, 15> kMembers{
    "check",        "dataset",    "delivered", "digest",   "epoch",
    "global_batch", "lade_state", "last",      "position", "rank",
    "recipe",       "sampler",    "seed",      "unit",     "world_size"};

[[noreturn]] void fail(std::string_view rule, std::string_view what,
                       std::string_view value = {}, std::optional<Index> offset = {}) {
  Place place;
  place.source = "loader state";
  place.offset = offset;
  place.rule = "state." + std::string(rule);
  place.value = std::string(value);
  throw DataError(std::move(place), what);
}

// The text without the closing brace and without `check`.
std::string canonical(const LoaderState& s) {
  std::string out;
  const auto text = [&](std::string_view name, std::string_view value) {
    out += (out.empty() ? "{\"" : ",\"");
    out += name;
    out += "\":\"";
    out += value;
    out += '"';
  };
  const auto number = [&](std::string_view name, auto value) {
    out += (out.empty() ? "{\"" : ",\"");
    out += name;
    out += "\":";
    out += std::to_string(value);
  };
  text("dataset", s.dataset);
  number("delivered", s.delivered);
  text("digest", hex(s.digest));
  number("epoch", s.epoch);
  number("global_batch", s.global_batch);
  number("lade_state", kVersion);
  text("last", hex(s.last));
  number("position", s.position);
  number("rank", s.rank);
  text("recipe", s.recipe);
  text("sampler", s.sampler);
  number("seed", s.seed);
  text("unit", s.unit);
  number("world_size", s.world_size);
  out += '}';
  return out;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// One flat JSON object of texts without escapes and of numbers; nothing else is ever in
// a state. Members may stand in any order, with any white space.
class Members {
 public:
  explicit Members(std::string_view text) : text_(text) {
    take('{');
    if (peek() != '}') {
      do {
        member();
      } while (comma());
    }
    take('}');
    if (peek() != '\0' || at_ != text_.size()) bad("there is more after the object");
  }

  std::string_view text(std::string_view name) const {
    const Value& value = found(name);
    if (!value.quoted) fail("value", std::string(name) + " must be a text", value.raw);
    return value.raw;
  }
  std::uint64_t number(std::string_view name) const {
    const Value& value = found(name);
    std::uint64_t out = 0;
    const char* const end = value.raw.data() + value.raw.size();
    const auto [stop, error] = std::from_chars(value.raw.data(), end, out);
    if (value.quoted || value.raw.empty() || error != std::errc{} || stop != end) {
      fail("value", std::string(name) + " must be an integer of at least 0", value.raw);
    }
    return out;
  }
  Index index(std::string_view name, std::uint64_t least) const {
    const std::uint64_t value = number(name);
    if (value < least || value > std::uint64_t{1} << 62U) {
      fail("value",
           std::string(name) + " must be in " + std::to_string(least) + "..2^62",
           found(name).raw);
    }
    return static_cast<Index>(value);
  }
  std::string hash(std::string_view name) const {
    const auto value = text(name);
    if (!is_hex(value, 32)) {
      fail("value", std::string(name) + " must be 32 hex digits", value);
    }
    return std::string(value);
  }
  std::uint64_t hex64(std::string_view name) const {
    const auto digits = text(name);
    if (!is_hex(digits, 16)) {
      fail("value", std::string(name) + " must be 16 hex digits", digits);
    }
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
  }

 private:
  struct Value {
    std::string_view raw;
    bool quoted = false;
    bool seen = false;
  };

  void member() {
    const std::string_view name = quoted();
    const auto known = std::find(kMembers.begin(), kMembers.end(), name);
    if (known == kMembers.end()) fail("member", "unknown member", name);
    Value& value = values_[static_cast<std::size_t>(known - kMembers.begin())];
    if (value.seen) bad("a member stands twice");
    take(':');
    value = {.raw = {}, .quoted = peek() == '"', .seen = true};
    value.raw = value.quoted ? quoted() : word();
  }

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                  text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void take(char expected) {
    if (peek() != expected) bad("'" + std::string(1, expected) + "' is missing");
    ++at_;
  }
  bool comma() {
    if (peek() != ',') return false;
    ++at_;
    return true;
  }
  std::string_view quoted() {
    take('"');
    const std::size_t end = text_.find_first_of("\"\\", at_);
    if (end == std::string_view::npos || text_[end] == '\\') {
      bad("a text has no end or an escape");
    }
    const auto out = text_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }
  std::string_view word() {
    const std::size_t end =
        std::min(text_.find_first_of(",}\" \t\n\r{[]:", at_), text_.size());
    if (end == at_) bad("a value is missing or nested");
    const auto out = text_.substr(at_, end - at_);
    at_ = end;
    return out;
  }
  [[noreturn]] void bad(std::string_view what) const {
    fail("json", what, {}, static_cast<Index>(at_));
  }
  const Value& found(std::string_view name) const {
    const auto known = std::find(kMembers.begin(), kMembers.end(), name);
    const Value& value = values_[static_cast<std::size_t>(known - kMembers.begin())];
    if (!value.seen) fail("member", std::string(name) + " is missing");
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::array<Value, kMembers.size()> values_{};
};

}  // namespace

std::string LoaderState::to_json() const {
  const std::string members = canonical(*this);
  return "{\"check\":\"" + hex(xxh3_64(members)) + "\"," + members.substr(1);
}

LoaderState LoaderState::from_json(std::string_view text, const Limits& limits) {
  if (static_cast<Index>(text.size()) > limits.max_state_bytes) {
    fail("bytes", "the text has " + std::to_string(text.size()) + " bytes, at most " +
                      std::to_string(limits.max_state_bytes) + " are allowed");
  }
  const Members members(text);
  const Index version = members.index("lade_state", 1);
  if (version > kVersion) {
    fail("version", "version " + std::to_string(version) +
                        " is newer than this Lade understands; use a newer Lade");
  }
  LoaderState state;
  state.epoch = members.index("epoch", 0);
  state.position = members.index("position", 0);
  state.unit = members.text("unit");
  state.seed = members.number("seed");
  state.global_batch = members.index("global_batch", 1);
  state.rank = members.index("rank", 0);
  state.world_size = members.index("world_size", 1);
  state.sampler = members.hash("sampler");
  state.recipe = members.hash("recipe");
  state.dataset = members.hash("dataset");
  state.delivered = members.index("delivered", 0);
  state.digest = members.hex64("digest");
  state.last = members.hex64("last");
  if (state.unit != "samples" && state.unit != "batches") {
    fail("value", "unit must be samples or batches", state.unit);
  }
  if (xxh3_64(canonical(state)) != members.hex64("check")) {
    fail("check", "the text is not what was saved: its check does not agree");
  }
  return state;
}

}  // namespace lade
