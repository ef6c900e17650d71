// The code path for x86-64 with AVX2.
#define VESTO_PATH avx2
#define VESTO_PATH_FUNCTIONS avx2_path
#if defined(__x86_64__)
#include "path_block.hpp"
#endif
