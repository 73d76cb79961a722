// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <random>
#include <utility>

#include "lade/core/table_text_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lade {
namespace {

constexpr std::size_t kFirstSlots = 256;

/// Different in every process, so that no file can be made to collide.
std::uint64_t process_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
  }();
  return seed;
}

std::uint32_t hash_of(std::string_view text) {
  const std::uint64_t hash =
      XXH3_64bits_withSeed(text.data(), text.size(), process_seed());
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

}  // namespace

struct TextEncoder::Texts {
  explicit Texts(arrow::MemoryPool* pool)
      : offsets(1, 0, arrow::stl::allocator<std::int64_t>(pool)),
        bytes(arrow::stl::allocator<char>(pool)) {}
  Array<std::int64_t> offsets;
  Array<char> bytes;
};

TextEncoder::TextEncoder(arrow::MemoryPool* pool)
    : texts_(std::make_shared<Texts>(pool)),
      slots_(kFirstSlots, Slot{}, arrow::stl::allocator<Slot>(pool)) {}

Index TextEncoder::size() const {
  return static_cast<Index>(texts_->offsets.size()) - 1;
}

Index TextEncoder::bytes() const {
  return static_cast<Index>(texts_->offsets.size() * sizeof(std::int64_t) +
                            texts_->bytes.size());
}

std::int32_t TextEncoder::code(std::string_view text) {
  const std::uint32_t hash = hash_of(text);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].code >= 0; at = (at + 1) & mask) {
    if (slots_[at].hash != hash) continue;
    const auto code = static_cast<std::size_t>(slots_[at].code);
    const std::int64_t begin = texts_->offsets[code];
    const auto size = static_cast<std::size_t>(texts_->offsets[code + 1] - begin);
    if (size == text.size() && (size == 0 || std::memcmp(texts_->bytes.data() + begin,
                                                         text.data(), size) == 0)) {
      return slots_[at].code;
    }
  }
  const auto code = static_cast<std::int32_t>(size());
  texts_->bytes.insert(texts_->bytes.end(), text.begin(), text.end());
  texts_->offsets.push_back(static_cast<std::int64_t>(texts_->bytes.size()));
  slots_[at] = {hash, code};
  if (static_cast<std::size_t>(size()) * 2 > slots_.size()) grow();
  return code;
}

void TextEncoder::grow() {
  Array<Slot> larger(slots_.size() * 4, Slot{}, slots_.get_allocator());
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.code < 0) continue;
    std::size_t at = slot.hash & mask;
    while (larger[at].code >= 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_.swap(larger);
}

std::shared_ptr<const Dictionary> TextEncoder::finish() {
  const std::shared_ptr<Texts> texts = std::move(texts_);
  texts->offsets.shrink_to_fit();
  texts->bytes.shrink_to_fit();
  return std::make_shared<Dictionary>(texts->offsets, texts->bytes.data(), texts);
}

}  // namespace lade
