// Explanations for any processor.
#define VESTO_PATH portable_explain
#define VESTO_EXPLAIN_WAYS portable_explain_ways
#include "explain_block.hpp"
