// SPDX-License-Identifier: Apache-2.0
#include "lade/core/sequence.h"

#include <array>
#include <atomic>
#include <utility>

namespace lade {
namespace {

struct KindFacts {
  std::string_view name;
  Index width;
};
constexpr std::array<KindFacts, 13> kKinds = {{{"boolean", 1},
                                               {"i8", 1},
                                               {"i16", 2},
                                               {"i32", 4},
                                               {"i64", 8},
                                               {"u8", 1},
                                               {"u16", 2},
                                               {"u32", 4},
                                               {"u64", 8},
                                               {"f32", 4},
                                               {"f64", 8},
                                               {"time", 8},
                                               {"text", 4}}};
constexpr std::array<std::string_view, 4> kUnits = {"s", "ms", "us", "ns"};
constexpr std::array<Index, 4> kPerSecond = {1, 1'000, 1'000'000, 1'000'000'000};

std::uint64_t next_dictionary_id() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

/// The memory of Dictionary::of.
struct Texts {
  std::vector<std::int64_t> offsets = {0};
  std::string bytes;
};

}  // namespace

Index per_second(TimeUnit unit) noexcept {
  return kPerSecond[static_cast<std::size_t>(unit)];
}
Index width(Kind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)].width; }
std::string_view name(Kind kind) { return kKinds[static_cast<std::size_t>(kind)].name; }
std::string_view name(TimeUnit unit) { return kUnits[static_cast<std::size_t>(unit)]; }

bool is_integer(Kind kind) noexcept { return kind >= Kind::i8 && kind <= Kind::u64; }

bool is_number(Kind kind) noexcept { return kind <= Kind::f64; }

std::string to_string(const ColumnType& type) {
  if (type.kind == Kind::text && type.binary) return "binary";
  if (type.kind != Kind::time) return std::string(name(type.kind));
  if (type.date) return "date";
  std::string text = "timestamp[" + std::string(name(type.unit));
  if (!type.zone.empty()) text += ", " + type.zone;
  return text + "]";
}

Index Schema::find(std::string_view name) const noexcept {
  for (std::size_t c = 0; c < fields.size(); ++c) {
    if (fields[c].name == name) return static_cast<Index>(c);
  }
  return -1;
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> all;
  all.reserve(fields.size());
  for (const Field& field : fields) all.push_back(field.name);
  return all;
}

Dictionary::Dictionary(std::span<const std::int64_t> offsets, const char* bytes,
                       std::shared_ptr<const void> owner)
    : offsets_(offsets),
      bytes_(bytes),
      owner_(std::move(owner)),
      id_(next_dictionary_id()) {
  LADE_DCHECK(!offsets_.empty());
}

std::shared_ptr<const Dictionary> Dictionary::of(std::span<const std::string> texts) {
  auto owned = std::make_shared<Texts>();
  for (const std::string& text : texts) {
    owned->bytes += text;
    owned->offsets.push_back(static_cast<std::int64_t>(owned->bytes.size()));
  }
  return std::make_shared<Dictionary>(owned->offsets, owned->bytes.data(), owned);
}

}  // namespace lade
