// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "lade/recipe/picture_internal.h"

namespace lade {
namespace {

constexpr double kWidth = 960, kLeft = 76, kRight = 24;
constexpr double kHead = 92, kEvents = 150, kPanel = 92, kGap = 46, kFoot = 40;
constexpr std::size_t kMostPoints = 900;  // more are drawn by the pixel
constexpr int kTimeTicks = 8;

/// Colours: blue and orange, which stay apart for most eyes, on either ground.
constexpr const char* kStyle = R"css(<style>
svg{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:11px}
text{fill:#454d57}.title{font-size:18px;font-weight:600;fill:#16191d}
.name{font-size:13px;font-weight:600;fill:#16191d}.detail{font-size:11px;font-weight:400;fill:#454d57}.ground{fill:#ffffff}
.grid{stroke:#e3e7ec;stroke-width:1}.zero{stroke:#9aa4b0;stroke-width:1}
.in{stroke:#1b6ca8;stroke-width:1.6}.out{stroke:#c8581a;stroke-width:1.6}
.dot-in{fill:#1b6ca8}.dot-out{fill:#c8581a}
.step{stroke:#217a55;stroke-width:1.8;fill:none;stroke-linejoin:round}.fill{fill:#217a55;fill-opacity:.12}
.hatch{stroke:#8a94a0;stroke-width:1.1}.none{fill:#8a94a0;fill-opacity:.13}
@media (prefers-color-scheme:dark){
text,.detail{fill:#aeb7c2}.title,.name{fill:#f0f3f6}.ground{fill:#14171b}
.grid{stroke:#2a3038}.zero{stroke:#6b7683}
.in{stroke:#6db3ea}.out{stroke:#f0955a}.dot-in{fill:#6db3ea}.dot-out{fill:#f0955a}
.step{stroke:#5cc795}.fill{fill:#5cc795;fill-opacity:.16}.hatch{stroke:#7d8894}.none{fill:#7d8894;fill-opacity:.18}}
</style>
<defs><pattern id="invalid" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>
)css";

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// Values to pixels, down the page.
struct Scale {
  double low, high, top, height;
  double operator()(double value) const {
    return top + height - (value - low) / (high - low) * height;
  }
};

class Drawing {
 public:
  explicit Drawing(const PictureFacts& facts) : facts_(facts) {}
  std::string draw();

 private:
  double x(double time) const {
    const double share = (time - facts_.begin) / (facts_.end - facts_.begin);
    return kLeft + std::clamp(share, 0.0, 1.0) * (kWidth - kLeft - kRight);
  }
  void text(double x, double y, const char* css, const char* anchor,
            const std::string& words) {
    out_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\"{}{}>{}</text>\n", x, y,
        *css != '\0' ? fmt::format(" class=\"{}\"", css) : "",
        *anchor != '\0' ? fmt::format(" text-anchor=\"{}\"", anchor) : "", xml(words));
  }
  void line(const char* css, double x1, double y1, double x2, double y2) {
    out_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
        "y2=\"{:.1f}\"/>\n",
        css, x1, y1, x2, y2);
  }
  Scale axes(const std::vector<double>& values, const std::vector<std::uint8_t>* valid,
             double top, double height);
  void legend();
  void events(double top);
  void panel(const PicturePanel& panel, double top);
  void hatch(const PicturePanel& panel, double top);
  void steps(const PicturePanel& panel, const Scale& y);
  double until(const PicturePanel& panel, std::size_t i) const {
    return i + 1 < panel.time.size() ? panel.time[i + 1] : facts_.end;
  }

  const PictureFacts& facts_;
  std::string out_;
};

/// Grid and labels of one panel; zero is always on it.
Scale Drawing::axes(const std::vector<double>& values,
                    const std::vector<std::uint8_t>* valid, double top, double height) {
  double low = 0, high = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if ((valid != nullptr && (*valid)[i] == 0) || std::isnan(values[i])) continue;
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  const auto ticks = number_ticks(low, high, 3);
  const Scale y{ticks.front().at, ticks.back().at, top, height};
  for (const AxisTick& tick : ticks) {
    line(tick.at == 0 ? "zero" : "grid", kLeft, y(tick.at), kWidth - kRight,
         y(tick.at));
    text(kLeft - 8, y(tick.at) + 4, "", "end", tick.label);
  }
  for (const AxisTick& tick : time_ticks(facts_.begin, facts_.end, kTimeTicks)) {
    line("grid", x(tick.at), top, x(tick.at), top + height);
  }
  return y;
}

void Drawing::legend() {
  const double y = kHead - 26;
  double at = kLeft;
  const auto mark = [&](const std::string& drawn, const std::string& words) {
    out_ += drawn;
    text(at + 24, y + 4, "", "", words);
    at += 46 + 5.5 * static_cast<double>(words.size());
  };
  if (facts_.event_unit.empty()) {
    mark(fmt::format("<line class=\"in\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" "
                     "y2=\"{2:.1f}\"/>\n",
                     at + 9, y - 6, y + 6),
         "event");
  } else {
    const bool below = std::any_of(facts_.event_value.begin(), facts_.event_value.end(),
                                   [](double value) { return value < 0; });
    for (const char* side : {"in", "out"}) {
      if (*side == 'o' && !below) continue;
      mark(fmt::format(
               "<line class=\"{0}\" x1=\"{1:.1f}\" y1=\"{2:.1f}\" x2=\"{1:.1f}\" "
               "y2=\"{3:.1f}\"/>\n<circle class=\"dot-{0}\" cx=\"{1:.1f}\" "
               "cy=\"{4:.1f}\" r=\"2.4\"/>\n",
               side, at + 9, y - 6, y + 6, *side == 'i' ? y - 6 : y + 6),
           *side == 'o' ? "event below 0"
           : below      ? "event above 0"
                        : "event");
    }
  }
  mark(fmt::format("<path class=\"step\" d=\"M{:.1f},{:.1f}h9v-8h9\"/>\n", at, y + 4),
       "target, from where it is given to the next");
  mark(fmt::format("<rect class=\"none\" x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"18\" "
                   "height=\"12\"/>\n<rect fill=\"url(#invalid)\" x=\"{0:.1f}\" "
                   "y=\"{1:.1f}\" width=\"18\" height=\"12\"/>\n",
                   at, y - 6),
       "not valid");
}

void Drawing::events(double top) {
  const std::string unit = facts_.event_unit.empty() ? "" : ": " + facts_.event_unit;
  text(kLeft, top - 10, "name", "", "events" + unit);
  const Scale y = axes(facts_.event_value, nullptr, top, kEvents);
  const bool dense = facts_.event_time.size() > kMostPoints;
  std::map<std::int64_t, std::pair<double, double>> pixels;  // least and most of each
  for (std::size_t i = 0; i < facts_.event_time.size(); ++i) {
    const double value = facts_.event_value[i];
    if (std::isnan(value)) continue;
    const double at = x(facts_.event_time[i]);
    if (dense) {
      auto& [low, high] = pixels[static_cast<std::int64_t>(at)];
      low = std::min(low, value);
      high = std::max(high, value);
      continue;
    }
    const char* side = value < 0 ? "out" : "in";
    out_ += fmt::format(
        "<g><title>{}</title><line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" "
        "x2=\"{:.1f}\" "
        "y2=\"{:.1f}\"/><circle class=\"dot-{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" "
        "r=\"1.9\"/></g>\n",
        xml(plain_time(facts_.event_time[i]) +
            (facts_.event_unit.empty() ? "" : ": " + plain_number(value))),
        side, at, y(0), at, y(value), side, at, y(value));
  }
  for (const auto& [pixel, range] : pixels) {
    const double at = static_cast<double>(pixel) + 0.5;
    if (range.second > 0) line("in", at, y(0), at, y(range.second));
    if (range.first < 0) line("out", at, y(0), at, y(range.first));
  }
}

/// Grounds of runs of invalid values; runs of one are at least a pixel wide.
void Drawing::hatch(const PicturePanel& panel, double top) {
  for (std::size_t i = 0; i < panel.time.size(); ++i) {
    if (panel.valid[i] != 0) continue;
    const double from = x(panel.time[i]);
    while (i + 1 < panel.time.size() && panel.valid[i + 1] == 0) ++i;
    const double width = std::max(1.0, x(until(panel, i)) - from);
    for (const char* fill : {"class=\"none\"", "fill=\"url(#invalid)\""}) {
      out_ += fmt::format(
          "<rect {} x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
          fill, from, top, width, kPanel);
    }
  }
}

void Drawing::steps(const PicturePanel& panel, const Scale& y) {
  const bool dense = panel.time.size() > kMostPoints;
  std::string path, ground;
  bool open = false;
  for (std::size_t i = 0; i < panel.time.size(); ++i) {
    if (panel.valid[i] == 0) {
      open = false;
      continue;
    }
    double low = panel.value[i], high = low, last = low;
    const double from = x(panel.time[i]);
    double to = x(until(panel, i));
    while (dense && i + 1 < panel.time.size() && panel.valid[i + 1] != 0 &&
           x(until(panel, i + 1)) - from < 1) {
      last = panel.value[++i];
      low = std::min(low, last);
      high = std::max(high, last);
      to = x(until(panel, i));
    }
    path += open ? fmt::format("V{:.1f}", y(low))
                 : fmt::format("M{:.1f},{:.1f}", from, y(low));
    if (high != low) path += fmt::format("V{:.1f}V{:.1f}", y(high), y(last));
    path += fmt::format("H{:.1f}", to);
    const double edge = std::max(low, 0.0) == low ? high : low;
    ground += fmt::format("M{:.1f},{:.1f}V{:.1f}H{:.1f}V{:.1f}Z", from, y(0), y(edge),
                          to, y(0));
    open = true;
  }
  if (path.empty()) return;
  out_ +=
      fmt::format("<path class=\"fill\" d=\"{}\"/>\n<path class=\"step\" d=\"{}\"/>\n",
                  ground, path);
}

void Drawing::panel(const PicturePanel& panel, double top) {
  out_ += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"name\">{}<tspan class=\"detail\" "
      "dx=\"10\">{}</tspan></text>\n",
      kLeft, top - 10, xml(panel.title),
      xml(panel.detail + (panel.unit.empty() ? "" : " [" + panel.unit + "]")));
  const Scale y = axes(panel.value, &panel.valid, top, kPanel);
  hatch(panel, top);
  steps(panel, y);
  if (panel.whole && !panel.time.empty() && panel.valid.front() != 0) {
    text(kWidth - kRight - 4, y(panel.value.front()) + 14, "name", "end",
         plain_number(panel.value.front()));
  }
}

std::string Drawing::draw() {
  const auto panels = static_cast<double>(facts_.panels.size());
  const double height = kHead + kEvents + panels * (kPanel + kGap) + kFoot;
  out_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" aria-label=\"{2}\">\n{3}"
      "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
      kWidth, height, xml(facts_.title + ", " + facts_.detail), kStyle);
  text(kLeft, 30, "title", "", facts_.title);
  text(kLeft, 48, "", "", facts_.detail);
  legend();
  double top = kHead + 12;
  events(top);
  top += kEvents + kGap;
  for (const PicturePanel& one : facts_.panels) {
    panel(one, top);
    top += kPanel + kGap;
  }
  for (const AxisTick& tick : time_ticks(facts_.begin, facts_.end, kTimeTicks)) {
    text(x(tick.at), top - kGap + 16, "", "middle", tick.label);
  }
  return out_ + "</svg>\n";
}

}  // namespace

std::string draw(const PictureFacts& facts) { return Drawing(facts).draw(); }

}  // namespace lade
