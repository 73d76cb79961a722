// SPDX-License-Identifier: Apache-2.0
// What a picture shows, as numbers: gathered by picture.cc, drawn by picture_svg.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lade {

/// A target over time, in seconds of the local calendar.
struct PicturePanel {
  std::string title, detail, unit;
  std::vector<double> time;  // where the value is given, ascending
  std::vector<double> value;
  std::vector<std::uint8_t> valid;
  bool whole = false;  // one value of the whole history
};

struct PictureFacts {
  std::string title, detail;
  std::string event_unit;                       // "" = events without a value
  std::vector<double> event_time, event_value;  // missing values: NaN
  double begin = 0, end = 1;                    // of the time axis
  std::vector<PicturePanel> panels;
};

struct AxisTick {
  double at = 0;
  std::string label;
};
/// About `count` round numbers that cover [low, high]: 0, 5k, 10k. The first is at or
/// below low, the last at or above high.
std::vector<AxisTick> number_ticks(double low, double high, int count);
/// Round times within [begin, end], at most `count`: years, months, days, hours ...
std::vector<AxisTick> time_ticks(double begin, double end, int count);
/// "1,234.5", at most four decimals.
std::string plain_number(double value);
/// "1993-01-31", with the time of day where it is not midnight.
std::string plain_time(double second);

std::string draw(const PictureFacts& facts);

}  // namespace lade
