// SPDX-License-Identifier: Apache-2.0
// A small table in memory for the tests of expressions.
#pragma once

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/sequence.h"

namespace lade::testing_recipe {

class TableData {
 public:
  explicit TableData(Index rows) : rows_(rows) {}

  /// `valid`: one entry a row; empty = all valid, without a bitmap.
  template <class T>
  void add(std::string name, Kind kind, const std::vector<T>& values,
           const std::vector<int>& valid = {}) {
    add_column({std::move(name), {kind, TimeUnit::us, false, ""}, true}, values, valid);
  }
  void add_time(std::string name, TimeUnit unit,
                const std::vector<std::int64_t>& values,
                const std::vector<int>& valid = {}) {
    add_column({std::move(name), {Kind::time, unit, false, ""}, true}, values, valid);
  }
  /// Null rows get code 0; `empty` gives a dictionary without entries.
  void add_text(std::string name, const std::vector<std::string>& texts,
                const std::vector<int>& valid = {}, bool empty = false) {
    std::vector<std::int32_t> codes(texts.size(), 0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!empty && (valid.empty() || valid[i] != 0))
        codes[i] = static_cast<std::int32_t>(i);
    }
    dictionaries_.push_back(
        Dictionary::of(empty ? std::span<const std::string>() : std::span(texts)));
    add_column({std::move(name), {Kind::text, TimeUnit::us, false, ""}, true}, codes,
               valid);
    columns_.back().dictionary = dictionaries_.back().get();
  }

  const Schema& schema() const { return schema_; }
  const std::vector<Column>& columns() const { return columns_; }
  Index rows() const { return rows_; }

 private:
  template <class T>
  void add_column(Field field, const std::vector<T>& values,
                  const std::vector<int>& valid) {
    Column column;
    column.kind = field.type.kind;
    column.unit = field.type.unit;
    auto& bytes = memory_.emplace_back(values.size() * sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const T value = valid.empty() || valid[i] != 0 ? values[i] : T{};
      std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
    }
    column.values = bytes.data();
    if (!valid.empty()) {
      auto& bits = memory_.emplace_back((valid.size() + 7) / 8);
      for (std::size_t i = 0; i < valid.size(); ++i) {
        if (valid[i] != 0)
          bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | (1U << (i % 8)));
      }
      column.validity = bits.data();
    }
    schema_.fields.push_back(std::move(field));
    columns_.push_back(column);
  }

  Index rows_;
  Schema schema_;
  std::vector<Column> columns_;
  std::deque<std::vector<std::uint8_t>> memory_;
  std::vector<std::shared_ptr<const Dictionary>> dictionaries_;
};

}  // namespace lade::testing_recipe
