// SPDX-License-Identifier: Apache-2.0
#include "lade/core/cursor.h"
