// The code path for x86-64 with AVX-512 F, BW, DQ and VL.
#define VESTO_PATH avx512
#define VESTO_PATH_FUNCTIONS avx512_path
#if defined(__x86_64__)
#include "path_block.hpp"
#endif
