// The functions of the code path in use.
#pragma once

#include "kernel.hpp"
#include "plan.hpp"

namespace vesto {

const PathFunctions& path_functions();

}  // namespace vesto
