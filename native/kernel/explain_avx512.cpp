// Explanations for x86-64 with the instructions of path_avx512.cpp.
#define VESTO_PATH avx512_explain
#define VESTO_EXPLAIN_WAYS avx512_explain_ways
#if defined(__x86_64__)
#include "explain_block.hpp"
#endif
