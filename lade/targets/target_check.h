// SPDX-License-Identifier: Apache-2.0
// The rules a target must keep. Each breach is an ArgumentError that names target,
// field, rule and value.
#pragma once

#include "lade/targets/plan_internal.h"

namespace lade {

void check_time(const Schema& schema, Index time);
void check_names(const TargetPlan::Data& data);
void check_target(const TargetSpec& spec, const Schema& schema, TimeUnit unit);
/// The boundary set of a mix: that of all its inputs.
Index check_mix(const MixSpec& spec, Index mix, const TargetPlan::Data& data);

/// One compat for all targets.
void check_compat(const TargetPlan::Data& data);
/// The position the classes are of.
Index check_class(const ClassSpec& spec, const TargetPlan::Data& data);

}  // namespace lade
