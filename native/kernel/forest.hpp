// Boosted trees: read from an image, checked, and compiled to a plan.
#pragma once

#include <vector>

#include "plan.hpp"
#include "reader.hpp"

namespace vesto {

// As the arrays of programs/bodies.py.
struct ForestArrays {
    std::vector<int32_t> feature;
    std::vector<float> threshold;
    std::vector<uint8_t> nan_left;
    std::vector<int32_t> left, right, categories_start, categories_size, categories, roots, output;
    std::vector<float> base, cover;

    explicit ForestArrays(Reader& reader);
    void check(size_t features) const;
};

class Forest {
public:
    Forest(Reader& reader, size_t features);

    const ForestPlan& plan() const { return plan_; }
    uint32_t outputs() const { return plan_.outputs; }
    size_t segment_count() const { return segment_count_; }
    size_t row_count() const { return row_count_; }
    size_t memory_bytes() const;

    // Of each node, how much of the training set came to it; empty where that is not known.
    const std::vector<float>& covers() const { return covers_; }
    size_t node_count() const { return nodes_.size(); }

private:
    friend class Compiler;

    void point();

    ForestPlan plan_{};
    size_t segment_count_ = 0;
    size_t row_count_ = 2;
    std::vector<FeaturePlan> features_;
    std::vector<float> cuts_;
    std::vector<float> pivots_;
    std::vector<Halvings> halvings_;
    std::vector<SegmentPlan> segments_;
    std::vector<ThresholdRow> thresholds_;
    std::vector<CategoryRow> category_rows_;
    std::vector<CategoryTerm> terms_;
    std::vector<GroupPlan> groups_;
    std::vector<TreePlan> trees_;
    std::vector<uint16_t> places_;
    std::vector<Choice> choices_;
    std::vector<float> leaves_;
    std::vector<uint8_t> leaf_bytes_;
    std::vector<WalkNode> nodes_;
    std::vector<uint32_t> roots_;
    std::vector<uint32_t> outputs_;
    std::vector<int32_t> categories_;
    std::vector<float> base_;
    std::vector<float> covers_;
};

}  // namespace vesto
