// SPDX-License-Identifier: Apache-2.0
#include "lade/synth/amount_law.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

struct Form {
  std::string_view name;
  AmountKind kind;
  std::size_t numbers;
};
constexpr Form kForms[] = {{"normal", AmountKind::normal, 2},
                           {"lognormal", AmountKind::lognormal, 2},
                           {"uniform", AmountKind::uniform, 2},
                           {"constant", AmountKind::constant, 1}};
constexpr double kMostDeviations = 8.3;  // normals() reaches 8.13
constexpr double kMostExponent = 700;

[[noreturn]] void refuse(std::string_view text, std::string_view what) {
  throw ArgumentError(
      fmt::format("{}: an amount must be normal(mean, sd), lognormal(mu, sigma), "
                  "uniform(lo, hi) or "
                  "constant(v), with sign = -1 if wanted, got '{}'",
                  what, escape_text(text)));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

bool read_number(std::string_view text, double& out) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

/// True for "sign = -1" and "sign = 1".
bool read_sign(std::string_view text, bool& negative) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || trimmed(text.substr(0, equals)) != "sign") return false;
  const std::string_view value = trimmed(text.substr(equals + 1));
  negative = value == "-1";
  return negative || value == "1";
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t comma = text.find(',', at);
    parts.push_back(trimmed(text.substr(at, comma - at)));
    if (comma == text.npos) return parts;
    at = comma + 1;
  }
}

}  // namespace

AmountLaw parse_amount_law(std::string_view text, std::string_view what) {
  const std::string_view whole = trimmed(text);
  const std::size_t open = whole.find('(');
  if (open == whole.npos || whole.back() != ')') refuse(text, what);
  const std::string_view name = trimmed(whole.substr(0, open));
  for (const Form& form : kForms) {
    if (name != form.name) continue;
    std::vector<std::string_view> parts =
        parts_of(whole.substr(open + 1, whole.size() - open - 2));
    AmountLaw law{.kind = form.kind};
    if (parts.size() == form.numbers + 1) {
      if (!read_sign(parts.back(), law.negative)) refuse(text, what);
      parts.pop_back();
    }
    if (parts.size() != form.numbers || !read_number(parts[0], law.a)) {
      refuse(text, what);
    }
    if (form.numbers == 2 && !read_number(parts[1], law.b)) refuse(text, what);
    check(law, what);
    return law;
  }
  refuse(text, what);
}

std::string to_string(const AmountLaw& law) {
  const Form& form = kForms[static_cast<std::size_t>(law.kind)];
  std::string text = fmt::format("{}({}", form.name, law.a);
  if (form.numbers == 2) text += fmt::format(", {}", law.b);
  return text + (law.negative ? ", sign = -1)" : ")");
}

void check(const AmountLaw& law, std::string_view what) {
  const auto rule = [&](bool ok, std::string_view words) {
    require(ok, fmt::format("{}: {}, got {}", what, words, to_string(law)));
  };
  rule(std::isfinite(law.a) && std::isfinite(law.b), "numbers must be finite");
  if (law.kind == AmountKind::uniform) {
    rule(law.a <= law.b && std::isfinite(law.b - law.a), "uniform needs lo <= hi");
    return;
  }
  rule(law.b >= 0,
       law.kind == AmountKind::normal ? "sd must be >= 0" : "sigma must be >= 0");
  const double most = std::abs(law.a) + kMostDeviations * law.b;
  rule(std::isfinite(most), "no amount may be infinite");
  if (law.kind == AmountKind::lognormal) {
    rule(law.a + kMostDeviations * law.b <= kMostExponent,
         "mu + 8.3 sigma must be <= 700");
  }
}

}  // namespace lade
