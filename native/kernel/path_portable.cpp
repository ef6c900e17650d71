// The code path for any processor: portable C++, which the compiler turns into what the target has.
#define VESTO_PATH portable
#define VESTO_PATH_FUNCTIONS portable_path
#include "path_block.hpp"
