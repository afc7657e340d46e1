#pragma once

namespace procpool::sys {

/// What a call returned, or its errno negated.
using result = long;

}  // namespace procpool::sys
