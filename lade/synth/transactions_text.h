// SPDX-License-Identifier: Apache-2.0
// Parts of a specification as text: what the command line takes and a manifest keeps.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lade/synth/transactions.h"

namespace lade {

/// "1..3" or "4096".  Errors: ArgumentError naming `what` and the text.
ClosedRange parse_closed_range(std::string_view text, std::string_view what);

/// "mcc=0, count=90..110, amount=normal(1, 1)" or "mcc=3, p=0.25"; only mcc must be
/// there.  Errors: as above; as parse_amount_law.
Planted parse_planted(std::string_view text, std::string_view what);

/// "train=.5,val=.25,test=.25", in this order.  Errors: as above.
std::vector<std::pair<std::string, double>> parse_splits(std::string_view text,
                                                         std::string_view what);

/// "2021-11-29".  Errors: as above.
Date parse_date(std::string_view text, std::string_view what);

/// "plain" or "hppl".  Errors: as above.
DayLayout parse_day_layout(std::string_view text, std::string_view what);

/// The specification as JSON: the names of the arguments, laws as text. The same
/// specification gives the same bytes.
std::string to_json(const TransactionsSpec& spec);

}  // namespace lade
