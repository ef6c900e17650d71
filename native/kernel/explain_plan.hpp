// The ways to a forest's leaves, made ready for explaining 512 rows at a time. Plain data: the code
// paths, which are compiled for different instruction sets, share it and nothing else.
//
// What a way contributes to its features is an integral over t (programs/explain.py), which a sum over
// a few points gives exactly: at each point every feature is a factor, t + (1 - t) share where the row
// goes this way and (1 - t) share where it does not, and takes the product of all the other factors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vesto {

inline constexpr size_t explained_block = 512;
inline constexpr size_t max_way_features = 64;

// low <= value < high, or missing where those are taken along.
struct WayCondition {
    uint32_t column;
    float low, high;
    uint32_t takes_missing;
};

// A feature on a way; all its conditions hold where the row goes this way.
struct WayFeature {
    uint32_t feature;  // place among the columns of sums
    float share;       // of rows that go this way at its splits
    uint32_t first_condition, conditions;
};

struct Way {
    float leaf;
    uint32_t first_feature, features;  // 1 to max_way_features
    uint32_t first_factor;             // (1 - t) share of each feature, point after point
};

// Of Gauss and Legendre on (0, 1); n points begin at n (n - 1) / 2.
struct QuadraturePoint {
    float t, weight;
};

struct WayPlan {
    const Way* ways;
    const WayFeature* features;
    const WayCondition* conditions;
    const float* factors;
    const QuadraturePoint* points;
};

// Adds what the ways from `first` to `end` contribute: `values` are columns of explained_block float32,
// `sums` columns of explained_block float64, one a feature.
using ExplainWays = void (*)(const WayPlan&, size_t first, size_t end, const float* values, size_t rows, double* sums);

extern const ExplainWays portable_explain_ways;
extern const ExplainWays avx2_explain_ways;
extern const ExplainWays avx512_explain_ways;

}  // namespace vesto
