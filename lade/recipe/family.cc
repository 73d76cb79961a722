// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/family.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "lade/core/error.h"
#include "lade/core/random.h"
#include "lade/recipe/expression_syntax.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

/// Draws per target before the first free one in a fixed order is taken: rare sets and
/// the last of all possible targets come to an end, too.
constexpr Index kAttempts = 1'000;

using Set = std::vector<std::size_t>;  // positions of codes, ascending

/// The codes of a family: most frequent first, equal ones by their text.
class Codes {
 public:
  Codes(const Vocabulary& vocabulary, Index events) : integers_(vocabulary.integers()) {
    for (const Vocabulary::Entry& entry : vocabulary.entries()) {
      if (entry.count > 0) entries_.push_back(entry);
    }
    std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.count != b.count ? a.count > b.count : a.text < b.text;
    });
    before_.push_back(0);
    for (const Vocabulary::Entry& entry : entries_) {
      before_.push_back(before_.back() + entry.count);
    }
    events_ = std::max(events, before_.back());
  }

  std::size_t size() const { return entries_.size(); }
  Index events() const { return events_; }
  /// Rows of `count` codes from the one at `first`.
  Index rows(std::size_t first, std::size_t count) const {
    return before_[std::min(first + count, size())] - before_[first];
  }
  Index rows(const Set& set) const {
    Index sum = 0;
    for (const std::size_t code : set) sum += rows(code, 1);
    return sum;
  }

  /// `count` codes without replacement, each in proportion to its rows.
  Set draw(std::uint64_t key, std::uint64_t first, std::size_t count) const {
    Set chosen;
    for (std::size_t c = 0; c < count; ++c) {
      const auto left = static_cast<std::uint64_t>(before_.back() - rows(chosen));
      auto at = static_cast<Index>(random::below(key, first + c, left));
      // The rows of what is chosen already are stepped over.
      for (const std::size_t code : chosen) {
        if (at >= before_[code]) at += rows(code, 1);
      }
      const auto found = std::upper_bound(before_.begin(), before_.end(), at);
      const auto code = static_cast<std::size_t>(found - before_.begin()) - 1;
      chosen.insert(std::upper_bound(chosen.begin(), chosen.end(), code), code);
    }
    return chosen;
  }

  /// `column in (5411, 5812)`, the codes in the order of their values.
  std::string condition(const std::string& column, const Set& set) const {
    std::vector<std::string> texts;
    for (const std::size_t code : set) texts.push_back(entries_[code].text);
    std::sort(texts.begin(), texts.end(), [&](const auto& a, const auto& b) {
      return integers_ ? *parse_whole(a) < *parse_whole(b) : a < b;
    });
    std::string list;
    for (const std::string& text : texts) {
      list += (list.empty() ? "" : ", ") + (integers_ ? text : quoted(text));
    }
    return column + " in (" + list + ")";
  }

 private:
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  }

  bool integers_;
  std::vector<Vocabulary::Entry> entries_;
  std::vector<Index> before_;  // rows of the codes before each
  Index events_ = 0;
};

/// What a target is beside its set.
struct Form {
  std::size_t aggregate, value, every, look_back;
  auto operator<=>(const Form&) const = default;
};

class Family {
 public:
  Family(const FamilySpec& spec, const Codes& codes) : spec_(spec), codes_(codes) {
    most_ = std::min(static_cast<std::size_t>(spec.most_codes), codes.size());
    for (std::size_t a = 0; a < spec.aggregates.size(); ++a) {
      const std::size_t values = counts(a) ? 1 : spec.values.size();
      for (std::size_t v = 0; v < values; ++v) {
        for (std::size_t e = 0; e < spec.every.size(); ++e) {
          for (std::size_t l = 0; l < spec.look_back.size(); ++l) {
            forms_.push_back({a, v, e, l});
          }
        }
      }
    }
  }

  /// Different targets there are, at least `enough` of them not counted one by one.
  Index possible(Index enough) const {
    const auto forms = static_cast<Index>(forms_.size());
    Index sets = 0;
    each_set([&](const Set&) { return ++sets * forms < enough; });
    return sets * forms;
  }

  TargetText next(Index n) {
    for (Index attempt = 0; attempt < kAttempts; ++attempt) {
      const std::uint64_t key = random::key(
          spec_.seed, 0, static_cast<std::uint64_t>(random::target_family), n, attempt);
      Form form{pick(key, 0, spec_.aggregates), 0, pick(key, 2, spec_.every),
                pick(key, 3, spec_.look_back)};
      if (!counts(form.aggregate)) form.value = pick(key, 1, spec_.values);
      const auto least = static_cast<std::size_t>(spec_.least_codes);
      const std::size_t size =
          least + static_cast<std::size_t>(random::below(key, 4, most_ - least + 1));
      Set set = codes_.draw(key, 5, size);
      if (covers(codes_.rows(set)) && seen_.emplace(form, set).second) {
        return target(n, form, set);
      }
    }
    return first_free(n);
  }

 private:
  bool counts(std::size_t aggregate) const {
    return !takes_value(spec_.aggregates[aggregate]);
  }
  static std::size_t pick(std::uint64_t key, std::uint64_t i,
                          const std::vector<std::string>& of) {
    return static_cast<std::size_t>(random::below(key, i, of.size()));
  }
  bool covers(Index rows) const {
    return static_cast<double>(rows) >=
           spec_.min_support * static_cast<double>(codes_.events());
  }

  using Visit = std::function<bool(const Set&)>;

  /// Visits the sets with support in a fixed order until `visit` says no. Codes are
  /// sorted by rows, so a branch is entered only if it ends in such a set.
  void each_set(const Visit& visit) const {
    bool more = true;
    for (auto size = static_cast<std::size_t>(spec_.least_codes); size <= most_ && more;
         ++size) {
      Set set;
      more = extend(set, 0, size, visit);
    }
  }
  bool extend(Set& set, Index rows, std::size_t size, const Visit& visit) const {
    if (set.size() == size) return visit(set);
    const std::size_t missing = size - set.size();
    const std::size_t first = set.empty() ? 0 : set.back() + 1;
    for (std::size_t code = first; code + missing <= codes_.size(); ++code) {
      if (!covers(rows + codes_.rows(code, missing))) break;
      set.push_back(code);
      const bool more = extend(set, rows + codes_.rows(code, 1), size, visit);
      set.pop_back();
      if (!more) return false;
    }
    return true;
  }

  TargetText first_free(Index n) {
    std::optional<TargetText> found;
    each_set([&](const Set& set) {
      for (const Form& form : forms_) {
        if (!seen_.emplace(form, set).second) continue;
        found = target(n, form, set);
        return false;
      }
      return true;
    });
    LADE_DCHECK(found.has_value());
    return *found;
  }

  TargetText target(Index n, const Form& form, const Set& set) const {
    TargetText text;
    const std::string& aggregate = spec_.aggregates[form.aggregate];
    const bool counted = counts(form.aggregate);
    const std::string& value = counted ? spec_.sets_of : spec_.values[form.value];
    text.where = codes_.condition(as_name(spec_.sets_of), set);
    text.aggregate = aggregate + "(" + (counted ? "" : as_name(value)) + ")";
    text.every = spec_.every[form.every];
    text.look_back = spec_.look_back[form.look_back];
    text.name = named({{"aggregate", aggregate},
                       {"value", value},
                       {"every", text.every},
                       {"look_back", text.look_back},
                       {"n", std::to_string(n)}});
    return text;
  }

  /// A column as an expression writes it: in backquotes only if it must be.
  static std::string as_name(const std::string& column) {
    const auto word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
             (c >= '0' && c <= '9');
    };
    const bool plain = !column.empty() && !(column[0] >= '0' && column[0] <= '9') &&
                       std::all_of(column.begin(), column.end(), word);
    if (plain && tokens_of(column, {}).front().kind == Token::Kind::name) return column;
    return quoted_name(column);
  }

  std::string named(
      const std::vector<std::pair<std::string, std::string>>& words) const {
    std::string out;
    std::string_view rest = spec_.name;
    for (;;) {
      const auto open = rest.find('{');
      out += rest.substr(0, open);
      if (open == std::string_view::npos) return out;
      rest.remove_prefix(open + 1);
      const auto close = rest.find('}');
      const std::string_view word = rest.substr(0, close);
      const auto known = std::find_if(words.begin(), words.end(),
                                      [&](const auto& w) { return w.first == word; });
      require(close != std::string_view::npos && known != words.end(),
              "target_family: name: there are {aggregate}, {value}, {every}, "
              "{look_back} and {n}, got '" +
                  escape_text(spec_.name) + "'");
      out += known->second;
      rest.remove_prefix(close + 1);
    }
  }

  const FamilySpec& spec_;
  const Codes& codes_;
  std::size_t most_;  // codes of the largest set
  std::vector<Form> forms_;
  std::set<std::pair<Form, Set>> seen_;
};

}  // namespace

bool takes_value(std::string_view aggregate) {
  return aggregate != "count" && aggregate != "any" && aggregate != "days_since_last";
}

VocabularyOptions family_codes() {
  VocabularyOptions options;
  options.clean = {{}, {}};
  return options;
}

std::vector<TargetText> target_family(const FamilySpec& spec,
                                      const Vocabulary& vocabulary, Index events) {
  require(vocabulary.options().clean == family_codes().clean,
          "target_family: the vocabulary must hold the codes as they are, without "
          "cleaning");
  const Codes codes(vocabulary, events);
  Family family(spec, codes);
  const Index possible = family.possible(spec.count);
  require(spec.count <= possible,
          "target_family: count must be <= " + std::to_string(possible) +
              ", the number of different targets whose sets cover min_support, got " +
              std::to_string(spec.count));
  std::vector<TargetText> targets;
  std::set<std::string> names;
  for (Index n = 0; n < spec.count; ++n) {
    targets.push_back(family.next(n));
    require(names.insert(targets.back().name).second,
            "target_family: name: two targets are called '" +
                escape_text(targets.back().name) + "'; put {n} into the name");
  }
  return targets;
}

}  // namespace lade
