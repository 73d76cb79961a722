// SPDX-License-Identifier: Apache-2.0
// What the tests of datasets share: a plain reference and how to read everything.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lade/io/dataset.h"

namespace lade::io {

/// (time, amount, word) of one event; word "~" is null.
struct Event {
  std::int64_t time = 0;
  double amount = 0;
  std::string word;
  bool operator==(const Event&) const = default;
};

/// Everything a reader of columns time, amount, word gives, by entity as text.
inline std::map<std::string, std::vector<Event>> read_everything(
    const Dataset& dataset) {
  const auto reader = dataset.reader({"time", "amount", "word"});
  std::map<std::string, std::vector<Event>> out;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const Entity entity = dataset.sequence(s).entity;
    std::string name;
    if (const auto* number = std::get_if<std::int64_t>(&entity))
      name = std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&entity)) name = *text;
    const auto sequence = reader.sequence(s);
    const auto& columns = sequence.view.chunk->columns;
    for (Index r = sequence.view.begin; r < sequence.view.begin + sequence.view.rows;
         ++r) {
      Event event;
      event.time = columns[0].as<std::int64_t>()[r];
      event.amount = columns[1].as<double>()[r];
      event.word =
          columns[2].valid(r)
              ? std::string((*columns[2].dictionary)[columns[2].as<std::int32_t>()[r]])
              : "~";
      out[name].push_back(event);
    }
  }
  return out;
}

}  // namespace lade::io
