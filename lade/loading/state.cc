// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "lade/core/hash.h"
#include "lade/loading/loader.h"

namespace lade {
namespace {

using Json = nlohmann::json;  // an ordered map: dump() is canonical

constexpr int kVersion = 1;
constexpr std::array<std::string_view, 15> kMembers{
    "check",        "dataset",    "delivered", "digest",   "epoch",
    "global_batch", "lade_state", "last",      "position", "rank",
    "recipe",       "sampler",    "seed",      "unit",     "world_size"};

[[noreturn]] void fail(std::string rule, std::string_view what,
                       std::string value = {}) {
  Place place;
  place.source = "loader state";
  place.rule = "state." + std::move(rule);
  place.value = std::move(value);
  throw DataError(std::move(place), what);
}

Json to_members(const LoaderState& state) {
  return {{"lade_state", kVersion},      {"epoch", state.epoch},
          {"position", state.position},  {"unit", state.unit},
          {"seed", state.seed},          {"global_batch", state.global_batch},
          {"rank", state.rank},          {"world_size", state.world_size},
          {"sampler", state.sampler},    {"recipe", state.recipe},
          {"dataset", state.dataset},    {"delivered", state.delivered},
          {"digest", hex(state.digest)}, {"last", hex(state.last)}};
}

// Members of one flat object, each checked for its type. nlohmann's parser keeps the
// last of two equal keys; here the second is refused.
class Members {
 public:
  explicit Members(std::string_view text) {
    std::set<std::string> seen;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
      const bool opens = event == Json::parse_event_t::object_start ||
                         event == Json::parse_event_t::array_start;
      if (opens && depth > 0) fail("json", "a member is nested");
      if (event == Json::parse_event_t::key &&
          !seen.insert(parsed.get<std::string>()).second) {
        fail("json", "a member stands twice", parsed.get<std::string>());
      }
      return true;
    };
    try {
      json_ = Json::parse(text, watch);
    } catch (const Json::exception&) {
      fail("json", "the text is not JSON");
    }
    if (!json_.is_object()) fail("json", "the text is not a JSON object");
  }

  Index index(const char* name, Index least) const {
    const Json& value = at(name);
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() ||
                       value.get<std::uint64_t>() <= std::uint64_t{1} << 62U);
    if (!fits || value.get<Index>() < least) {
      fail("value", std::string(name) + " must be an integer of at least " +
                        std::to_string(least));
    }
    return value.get<Index>();
  }
  std::uint64_t number(const char* name) const {
    const Json& value = at(name);
    if (!value.is_number_unsigned()) {
      fail("value", std::string(name) + " must be an integer of at least 0");
    }
    return value.get<std::uint64_t>();
  }
  const std::string& text(const char* name) const {
    const Json& value = at(name);
    if (!value.is_string()) fail("value", std::string(name) + " must be a text");
    return value.get_ref<const std::string&>();
  }
  std::uint64_t hex64(const char* name) const {
    const std::string& digits = text(name);
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    if (digits.size() != 16 ||
        std::from_chars(digits.data(), end, value, 16).ptr != end) {
      fail("value", std::string(name) + " must be 16 hex digits", digits);
    }
    return value;
  }
  Json& json() { return json_; }

 private:
  const Json& at(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) fail("member", std::string(name) + " is missing");
    return *found;
  }
  Json json_;
};

}  // namespace

std::string LoaderState::to_json() const {
  Json members = to_members(*this);
  members["check"] = hex(xxh3_64(members.dump()));
  return members.dump();
}

LoaderState LoaderState::from_json(std::string_view text, const Limits& limits) {
  if (static_cast<Index>(text.size()) > limits.max_state_bytes) {
    fail("bytes", "the text has " + std::to_string(text.size()) + " bytes, at most " +
                      std::to_string(limits.max_state_bytes) + " are allowed");
  }
  Members members(text);
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
  state.sampler = members.text("sampler");
  state.recipe = members.text("recipe");
  state.dataset = members.text("dataset");
  state.delivered = members.index("delivered", 0);
  state.digest = members.hex64("digest");
  state.last = members.hex64("last");
  if (state.unit != "samples" && state.unit != "batches") {
    fail("value", "unit must be samples or batches", state.unit);
  }
  const std::uint64_t check = members.hex64("check");
  members.json().erase("check");
  if (xxh3_64(members.json().dump()) != check) {
    fail("check", "the text is not what was saved: its check does not agree");
  }
  for (const auto& [name, value] : members.json().items()) {
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
      fail("member", "unknown member", name);
    }
  }
  return state;
}

}  // namespace lade
