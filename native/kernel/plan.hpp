// A forest made ready for scoring 512 rows at a time. Plain data: the code paths, which are compiled
// for different instruction sets, share it and nothing else.
//
// A row of the kernel is 512 bits, one for each row of a block. Every question that nodes ask becomes
// a row ("goes right"), and a tree picks each row's leaf by choosing between rows with and, or, not.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vesto {

inline constexpr size_t words_per_row = 8;  // of 64 bits: block_rows / 64

// Cuts in the order in which `count` halvings of 2^count - 1 cuts ask for them. Halving number s asks for
// one of 2^s cuts; its table is ordered by the answers so far, the first one in the lowest bit. The tables
// of halvings 1 to 4 take 16 places each, those of 5, 6 and 7 take 32, 64 and 128.
struct Halvings {
    uint32_t count;  // 4 to 8
    float first;
    float tables[4 * 16 + 32 + 64 + 128];
};

// A feature that nodes split by. `cuts` are its thresholds, ascending and different, padded with
// infinity to a whole number of 256; `pivots` holds every 16th cut of the first 256, the last infinite.
struct FeaturePlan {
    uint32_t feature;
    uint32_t cuts_size;
    const float* cuts;
    const float* pivots;
    const Halvings* halvings;    // of the first cuts, up to 255
    uint32_t first_segment;      // each of up to 255 cuts: its code of a value is how many of them are <= it
    uint32_t segments;
    uint32_t category_segments;  // behind them, each of 255 categories: the code is the place, or 255
};

// One row of answers about thresholds: the code is greater than `code`, and missing ones as told.
struct ThresholdRow {
    uint8_t code;
    uint8_t nan_right;
};

// Codes whose upper half is `high` and whose lower half is in the set `low_set`.
struct CategoryTerm {
    uint16_t low_set;
    uint8_t high;
};

// A part of a row of answers about categories; the first part clears the row.
struct CategoryRow {
    uint32_t row;
    uint32_t first_term;
    uint32_t terms;
    uint8_t is_first;
    uint8_t nan_right;
};

struct SegmentPlan {
    uint32_t segment;   // place of its codes
    uint32_t feature;   // place among the feature plans
    uint32_t first_row; // of its thresholds' rows, which follow each other
    uint32_t first_threshold;
    uint32_t thresholds;
    uint32_t first_category;
    uint32_t categories;
};

// target = selector ? right : left, all places of rows.
struct Choice {
    uint16_t target, selector, left, right;
};

enum class Shape : uint8_t {
    constant,  // one leaf
    heap,      // a perfect tree of depth `bits`: its nodes' rows in heap order
    choices,   // any tree: `size` choices, then the rows of the leaf's number, the lowest bit first
    walk       // too many nodes: from node to node
};

// Leaves whose bytes are looked up together: the lowest byte of each, then the next ones.
inline constexpr size_t leaves_per_chunk = 16;
// Trees have so many chunks; the last ones may hold nothing.
inline constexpr uint8_t chunk_counts[] = {1, 2, 3, 4, 6, 8, 12, 16};

struct TreePlan {
    Shape shape;
    uint8_t bits;    // of the number of a leaf
    uint8_t chunks;  // of leaves, where `bits` is at most 8
    uint32_t output;
    uint32_t first;  // in `places` (heap), in `choices`; the root (walk)
    uint32_t size;
    uint32_t result; // in `places`: the rows of the leaf's number (choices)
    uint32_t leaves; // in `leaves`; there are 2^bits, at least 32
    uint32_t first_chunk;  // in `leaf_bytes`
};

struct GroupPlan {
    uint32_t first_segment, segments;
    uint32_t first_tree, trees;
};

struct WalkNode {
    float threshold;     // a leaf's value
    int32_t feature;     // -1: a leaf
    uint32_t left, right;
    uint32_t first_category, categories;  // in `categories`, ascending
    uint8_t nan_left;
};

struct ForestPlan {
    const FeaturePlan* features;
    uint32_t feature_count;
    const SegmentPlan* segments;
    const ThresholdRow* thresholds;
    const CategoryRow* category_rows;
    const CategoryTerm* terms;
    const GroupPlan* groups;
    uint32_t group_count;
    const TreePlan* trees;
    const uint16_t* places;
    const Choice* choices;
    const float* leaves;
    const uint8_t* leaf_bytes;
    const WalkNode* nodes;
    const uint32_t* roots;
    const uint32_t* outputs_of_roots;
    uint32_t root_count;
    const int32_t* categories;
    const float* base;
    uint32_t outputs;
};

// Memory that a forest scores in, aligned to 64 bytes.
struct ForestMemory {
    float* values;      // feature_count columns of block_rows: float32, missing ones NaN
    uint64_t* missing;  // feature_count rows
    uint8_t* codes;     // for each segment block_rows bytes: the eight bits of its codes, a row each
    uint64_t* rows;     // the rows that a group needs: 0 is all zeros, 1 all ones
};

// A linear form's terms, in the order of the features: a feature by itself, or one-hot features,
// whose register holds a code that picks one weight of `count`.
struct LinearTerm {
    uint32_t place;         // of the feature or of the code in the columns
    uint32_t count;         // 0: a feature by itself
    const double* weights;  // count > 0: count x outputs; else: outputs
};

struct LinearPlan {
    const LinearTerm* terms;
    size_t terms_size;
    const double* bias;
    uint32_t outputs;
};

// A linear form in float32, to find the greatest of its outputs: where the lead is greater than
// everything rounding can have done, float64 would find the same one. With n features rounding moves
// an output by at most (n + 4) 2^-24 (|bias| + |x| . |w|), and `rounding` is more than twice that factor.
struct ScreenPlan {
    const uint32_t* places;  // of the features in the columns
    size_t features;
    const float* weights;    // features x outputs
    const float* bias;
    uint32_t outputs;
    const float* greatest_weight;  // of each feature, its absolute value
    float greatest_bias;
    float rounding;
    LinearPlan exact;  // for rows that are too close to tell
};

// Outputs of a layer that are computed together, and rows.
inline constexpr size_t network_tile = 4;
inline constexpr size_t network_rows = 64;

// A layer. The weights of a tile lie together, feature by feature; the last one is filled up with zeros.
struct LayerPlan {
    uint32_t inputs, outputs;
    const float* weights;
    const float* bias;
};

struct NetworkPlan {
    const LayerPlan* layers;  // member after member, layers_each of each
    uint32_t layers_each, members;
    uint32_t features, outputs, widest;
    const double* scale;      // margin = shift + scale * sum of the members
    const double* shift;
};

// Memory that a network is scored in, aligned to 64 bytes: network_rows numbers for each feature, twice for
// each output of the widest layer, and for each output.
struct NetworkMemory {
    float* features;
    float* first;
    float* second;
    float* total;
};

// Registers less their means, times weights: `weights` has the sources one after the other, of each the weight
// for every register made.
struct ProjectPlan {
    const uint32_t* sources;
    size_t sources_size;
    const double* means;
    const double* weights;
    uint32_t outputs;
};

// What a code path offers. Columns hold up to 512 rows.
struct PathFunctions {
    void (*forest)(const ForestPlan&, const double* const* columns, size_t rows, const ForestMemory&, float* sums);
    void (*linear)(const LinearPlan&, const double* const* columns, size_t rows, double* sums);
    // The place of the greatest output of each row.
    void (*screen)(const ScreenPlan&, const double* const* columns, size_t rows, uint32_t* places);
    void (*network)(const NetworkPlan&, const double* const* columns, size_t rows, const NetworkMemory&, double* margins);
    // `registers` are those of the tape; the sums are columns of 512, of which `rows` count.
    void (*project)(const ProjectPlan&, const double* const* registers, size_t rows, double* sums);
    void (*exponential)(double* values, size_t count);
    // Makes 512 numbers finite as NumPy's nan_to_num does.
    void (*make_numbers)(double* values);
    void (*greatest)(const double* scores, size_t count, size_t rows, uint32_t* places);
};

extern const PathFunctions portable_path;
extern const PathFunctions avx2_path;
extern const PathFunctions avx512_path;

}  // namespace vesto
