// SPDX-License-Identifier: Apache-2.0
#include "lade/core/cursor.h"

namespace lade {

void Cursor::fail(std::string_view what) const {
  Place place;
  place.source = source_;
  place.offset = offset();
  place.rule = rule_;
  throw DataError(std::move(place), what);
}

void Cursor::fail_short(std::uint64_t wanted) const {
  fail(std::to_string(wanted) + " bytes needed, " + std::to_string(left()) + " left");
}

}  // namespace lade
