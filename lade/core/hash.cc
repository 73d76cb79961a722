// SPDX-License-Identifier: Apache-2.0
#include "lade/core/hash.h"
