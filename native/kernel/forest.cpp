// Boosted trees as an image holds them, and whether they are sound.
#include "forest.hpp"

#include <algorithm>
#include <cmath>

#include "tape.hpp"

namespace vesto {

namespace {

constexpr int32_t leaf = -1;
constexpr int32_t max_category = 1 << 24;
constexpr int64_t max_category_cells = int64_t{1} << 27;

[[noreturn]] void damaged(const char* what) { throw DamagedImage(std::string("the program is not sound: ") + what); }

void check_lengths(const ForestArrays& forest) {
    const size_t nodes = forest.feature.size();
    for (const size_t size : {forest.threshold.size(), forest.nan_left.size(), forest.left.size(), forest.right.size(),
                              forest.categories_start.size(), forest.categories_size.size()})
        if (size != nodes) damaged("the forest's node arrays differ in length");
    if (forest.output.size() != forest.roots.size() || forest.base.empty() || forest.base.size() > max_registers)
        damaged("the forest's tree arrays differ in length");
    if (!forest.cover.empty() && forest.cover.size() != nodes) damaged("the forest's node arrays differ in length");
    if (forest.roots.empty() != forest.feature.empty()) damaged("there are nodes without trees");
}

void check_values(const ForestArrays& forest, size_t features) {
    for (const int32_t output : forest.output)
        if (output < 0 || static_cast<size_t>(output) >= forest.base.size()) damaged("a tree adds to an output that is not there");
    for (const float base : forest.base)
        if (!std::isfinite(base)) damaged("a base is no number");
    for (const float cover : forest.cover)
        if (!std::isfinite(cover) || cover < 0) damaged("a node's cover is no number, or negative");
    for (size_t node = 0; node < forest.feature.size(); node++) {
        const int32_t feature = forest.feature[node];
        if (feature < leaf || (feature >= 0 && static_cast<size_t>(feature) >= features)) damaged("a node splits by a feature that is not there");
        if (std::isnan(forest.threshold[node]) || (feature == leaf && !std::isfinite(forest.threshold[node])))
            damaged("a threshold or a leaf is no number");
        if (forest.nan_left[node] > 1) damaged("a node sends missing values neither left nor right");
    }
}

// A tree starts at its root and goes on to the next one; no node has two parents.
void check_trees(const ForestArrays& forest) {
    const size_t nodes = forest.feature.size();
    std::vector<bool> has_parent(nodes, false);
    for (size_t tree = 0; tree < forest.roots.size(); tree++) {
        const int64_t begin = forest.roots[tree];
        const int64_t end = tree + 1 < forest.roots.size() ? forest.roots[tree + 1] : static_cast<int64_t>(nodes);
        if ((tree == 0 && begin != 0) || begin >= end || end > static_cast<int64_t>(nodes)) damaged("the trees do not start one after the other");
        for (int64_t node = begin; node < end; node++) {
            const auto at = static_cast<size_t>(node);
            if (forest.feature[at] == leaf) continue;
            for (const int32_t child : {forest.left[at], forest.right[at]}) {
                if (child <= node || child >= end) damaged("a node's child does not come after it in its tree");
                if (has_parent[static_cast<size_t>(child)]) damaged("two nodes have one child");
                has_parent[static_cast<size_t>(child)] = true;
            }
        }
    }
}

void check_categories(const ForestArrays& forest) {
    std::vector<bool> taken(forest.categories.size(), false);
    for (const int32_t category : forest.categories)
        if (category < 0 || category >= max_category) damaged("a category is negative or too great");
    int64_t cells = 0;
    for (size_t node = 0; node < forest.feature.size(); node++) {
        const int64_t start = forest.categories_start[node];
        const int64_t size = forest.categories_size[node];
        if (start < 0 || size < 0 || start + size > static_cast<int64_t>(taken.size())) damaged("a node has categories that are not there");
        int32_t greatest = 0;
        for (int64_t at = start; at < start + size; at++) {
            if (taken[static_cast<size_t>(at)]) damaged("two nodes share categories");
            taken[static_cast<size_t>(at)] = true;
            greatest = std::max(greatest, forest.categories[static_cast<size_t>(at)]);
        }
        cells += greatest;
        if (cells > max_category_cells) damaged("the categories are spread too far");
    }
}

}  // namespace

ForestArrays::ForestArrays(Reader& reader)
    : feature(reader.array<int32_t>()),
      threshold(reader.array<float>()),
      nan_left(reader.array<uint8_t>()),
      left(reader.array<int32_t>()),
      right(reader.array<int32_t>()),
      categories_start(reader.array<int32_t>()),
      categories_size(reader.array<int32_t>()),
      categories(reader.array<int32_t>()),
      roots(reader.array<int32_t>()),
      output(reader.array<int32_t>()),
      base(reader.array<float>()),
      cover(reader.array<float>()) {}

void ForestArrays::check(size_t features) const {
    check_lengths(*this);
    check_values(*this, features);
    check_trees(*this);
    check_categories(*this);
}

size_t Forest::memory_bytes() const {
    const auto bytes = [](const auto& values) { return values.capacity() * sizeof(values[0]); };
    return bytes(features_) + bytes(cuts_) + bytes(pivots_) + bytes(halvings_) + bytes(segments_) + bytes(thresholds_) + bytes(category_rows_) +
           bytes(terms_) + bytes(groups_) + bytes(trees_) + bytes(places_) + bytes(choices_) + bytes(leaves_) +
           bytes(leaf_bytes_) + bytes(nodes_) + bytes(roots_) + bytes(outputs_) + bytes(categories_) + bytes(base_) + bytes(covers_);
}

void Forest::point() {
    plan_ = {features_.data(), static_cast<uint32_t>(features_.size()), segments_.data(), thresholds_.data(), category_rows_.data(),
             terms_.data(), groups_.data(), static_cast<uint32_t>(groups_.size()), trees_.data(), places_.data(), choices_.data(),
             leaves_.data(), leaf_bytes_.data(), nodes_.data(), roots_.data(), outputs_.data(), static_cast<uint32_t>(roots_.size()), categories_.data(),
             base_.data(), static_cast<uint32_t>(base_.size())};
}

}  // namespace vesto
