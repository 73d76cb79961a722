// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_marks.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "tests/testing/targets.h"

namespace lade::io {
namespace {

struct Marked {
  std::vector<std::uint64_t> marks;
  bool open = false;
  bool operator==(const Marked&) const = default;
};

template <class Mark>
Marked mark(std::string text, CsvDialect dialect, Mark with) {
  const auto bytes = static_cast<Index>(text.size());
  text.append(64, '"');  // what stands behind the text must not matter
  Marked out;
  out.marks.assign(static_cast<std::size_t>((bytes + 63) / 64), 0);
  out.open = with(text.data(), bytes, dialect, out.marks.data());
  return out;
}

std::string draw_text(std::size_t bytes, std::string_view alphabet) {
  const auto draws = *rc::gen::container<std::vector<std::size_t>>(
      bytes, rc::gen::inRange<std::size_t>(0, alphabet.size()));
  std::string text;
  for (const std::size_t draw : draws) text += alphabet[draw];
  return text;
}

TEST(CsvMarks, MatchesReferenceOnAnyText) {
  lade::testing::for_each_target([] {
    EXPECT_TRUE(rc::check([] {
      const auto bytes = *rc::gen::inRange<std::size_t>(0, 300);
      const auto text = draw_text(bytes, *rc::gen::element<std::string>(
                                             "a,\n\"", "a,\n\r", "aaaaaaaaaa,\n\"\""));
      const CsvDialect dialect{.delimiter = ',', .quote = *rc::gen::element('"', '\0')};
      RC_ASSERT(mark(text, dialect, mark_fields) ==
                mark(text, dialect, mark_fields_by_byte));
    }));
  });
}

TEST(CsvMarks, MatchesReferenceWhereQuotesSpanWords) {
  lade::testing::for_each_target([] {
    for (std::size_t before = 0; before < 130; ++before) {
      for (std::size_t inside = 0; inside < 130; inside += 7) {
        const std::string text =
            std::string(before, ',') + '"' + std::string(inside, ',') + "\"\"x\",\n,";
        const CsvDialect dialect{};
        ASSERT_EQ(mark(text, dialect, mark_fields).marks,
                  mark(text, dialect, mark_fields_by_byte).marks);
      }
    }
  });
}

TEST(CsvMarks, QuoteInsideAnUnquotedFieldIsAByte) {
  const Marked marked = mark("a\"b,c\n", {}, mark_fields);
  EXPECT_EQ(marked.marks, std::vector<std::uint64_t>{0b101000});
  EXPECT_FALSE(marked.open);
}

TEST(CsvMarks, SaysWhenTheTextEndsInsideQuotes) {
  EXPECT_TRUE(mark("a,\"b", {}, mark_fields).open);
  EXPECT_TRUE(mark(std::string(63, 'a') + ",\"", {}, mark_fields).open);
  EXPECT_FALSE(mark("a,\"b\"", {}, mark_fields).open);
}

}  // namespace
}  // namespace lade::io
