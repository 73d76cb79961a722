// SPDX-License-Identifier: Apache-2.0
#include "lade/io/fingerprint.h"

#include <algorithm>

#include "lade/io/dataset_internal.h"

namespace lade::io {

namespace {

constexpr Index kEnd = Index{64} << 10;
constexpr Index kBlock = Index{1} << 20;

/// Feeds bytes [begin, end) of the file to the hasher.
void hash_range(const File& file, Index begin, Index end, Hasher& hasher,
                Interrupt* interrupt = nullptr) {
  std::vector<std::byte> block;
  while (begin < end) {
    if (interrupt != nullptr) interrupt->check();
    block.resize(static_cast<std::size_t>(std::min(kBlock, end - begin)));
    file.read_at(begin, block);
    hasher.update(block);
    begin += static_cast<Index>(block.size());
  }
}

void add_policies(Hasher& hasher, const Policies& policies) {
  hasher.field(name(policies.on_bad));
  hasher.field(name(policies.on_truncated));
  hasher.field(name(policies.on_disorder));
}

}  // namespace

Hash128 fingerprint_of_files(std::vector<FilePrint> files) {
  std::sort(files.begin(), files.end(),
            [](const FilePrint& a, const FilePrint& b) { return a.path < b.path; });
  Hasher hasher;
  hasher.field("lade.files.1");
  for (const auto& file : files) {
    hasher.field(file.path);
    hasher.field(file.bytes);
    hasher.field(static_cast<std::int64_t>(file.hash));
  }
  return hasher.digest128();
}

std::uint64_t hash_of_ends(const File& file) {
  Hasher hasher;
  if (file.bytes() <= 2 * kEnd) {
    hash_range(file, 0, file.bytes(), hasher);
  } else {
    hash_range(file, 0, kEnd, hasher);
    hash_range(file, file.bytes() - kEnd, file.bytes(), hasher);
  }
  return hasher.digest64();
}

std::uint64_t hash_of_all(const File& file, Interrupt* interrupt) {
  Hasher hasher;
  hash_range(file, 0, file.bytes(), hasher, interrupt);
  return hasher.digest64();
}

Hash128 fingerprint_with_options(Hash128 data, const OpenOptions& options,
                                 const Policies& policies) {
  Hasher hasher;
  hasher.field("lade.dataset.1");
  hasher.field(hex(data));
  hasher.field(options.entity);
  hasher.field(options.time);
  hasher.field("flat");
  hasher.field(options.filter_text);
  hasher.field(options.schema);
  hasher.field(fingerprint_text(options.source));
  add_policies(hasher, policies);
  return hasher.digest128();
}

}  // namespace lade::io
