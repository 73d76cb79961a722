// SPDX-License-Identifier: Apache-2.0
#include "lade/core/convert.h"

#include <array>
#include <string>
#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

struct TypeName {
  Index width;
  std::string_view name, long_name;
};
constexpr std::array<TypeName, 9> kTypes = {{{1, "bool", "boolean"},
                                             {1, "u8", "uint8"},
                                             {1, "i8", "int8"},
                                             {2, "i16", "int16"},
                                             {4, "i32", "int32"},
                                             {8, "i64", "int64"},
                                             {2, "f16", "float16"},
                                             {2, "bf16", "bfloat16"},
                                             {4, "f32", "float32"}}};

}  // namespace

Index width(DType type) noexcept {
  return kTypes[static_cast<std::size_t>(type)].width;
}
std::string_view name(DType type) {
  return kTypes[static_cast<std::size_t>(type)].name;
}

DType parse_dtype(std::string_view word, std::string_view what) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (word == kTypes[i].name || word == kTypes[i].long_name)
      return static_cast<DType>(i);
    names.emplace_back(kTypes[i].name);
    names.emplace_back(kTypes[i].long_name);
  }
  const std::string near = nearest_name(word, names);
  throw ArgumentError(
      std::string(what) + ": unknown type '" + escape_text(word) + "'" +
      (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

}  // namespace lade
