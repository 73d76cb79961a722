// SPDX-License-Identifier: Apache-2.0
#include "lade/core/pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace lade {
namespace {

constexpr Index kPage = 4096;
constexpr Index kHuge = Index{2} << 20;

std::size_t whole_pages(Index bytes) noexcept {
  return static_cast<std::size_t>((bytes + kPage - 1) / kPage * kPage);
}

std::byte* map(std::size_t bytes) noexcept {
  void* const data =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return data == MAP_FAILED ? nullptr : static_cast<std::byte*>(data);
}

}  // namespace

std::byte* map_pages(Index bytes) noexcept {
  const std::size_t wanted = whole_pages(bytes);
  if (bytes < kHuge) return map(wanted);
  // Room for a start on the boundary; what lies before and behind goes back.
  constexpr auto kRoom = static_cast<std::size_t>(kHuge);
  std::byte* const all = map(wanted + kRoom);
  if (all == nullptr) return nullptr;
  const std::size_t before =
      (kRoom - reinterpret_cast<std::uintptr_t>(all) % kRoom) % kRoom;
  std::byte* const data = all + before;
  if (before > 0) munmap(all, before);
  if (kRoom > before) munmap(data + wanted, kRoom - before);
  madvise(data, wanted, MADV_HUGEPAGE);  // a hint; refusals do not matter
  return data;
}

void unmap_pages(std::byte* data, Index bytes) noexcept {
  munmap(data, whole_pages(bytes));
}

}  // namespace lade
