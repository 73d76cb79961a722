// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/expression.h"

#include "fuzz/targets.h"

namespace lade::fuzz {

void expression(std::string_view bytes) {
  Schema schema;
  schema.fields = {{"amount", {.kind = Kind::f64}, true},
                   {"mcc", {.kind = Kind::i64}, true},
                   {"type", {.kind = Kind::text}, true},
                   {"time", {.kind = Kind::time}, true},
                   {"open", {.kind = Kind::boolean}, true}};
  ExpressionOptions options;
  options.field = "fuzz";
  options.time = 3;
  options.limits = small_limits();
  compile(bytes, schema, options);
}

}  // namespace lade::fuzz
