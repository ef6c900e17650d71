// Compiles trees to a plan: which rows of answers they need, and how each picks its leaf.
#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <set>

#include "forest.hpp"

namespace vesto {

namespace {

constexpr uint16_t zeros = 0, ones = 1;
constexpr uint32_t first_answer = 2;
constexpr uint32_t codes_per_segment = 255;
// A group's rows of answers: 384 KB, which fits a core's second cache.
constexpr size_t rows_per_group = 6144;
// Trees beyond these are walked.
constexpr size_t max_nodes = 8192;
constexpr uint32_t max_depth = 64;
constexpr int32_t max_category_compiled = 64 * codes_per_segment;
constexpr uint32_t max_heap_depth = 8;
constexpr uint32_t least_leaves = 32;

struct Tree {
    size_t begin, end;
    uint32_t depth = 0;
    size_t inner = 0;
    bool is_walked = false;
};

// What tells rows of answers apart; rows of one segment follow each other.
struct Answer {
    uint32_t feature;  // place among the feature plans
    uint32_t segment;  // of the feature; category segments count on
    uint32_t node;     // of categories: no two nodes share a row; else 0
    uint8_t code;
    uint8_t nan_right;
    auto operator<=>(const Answer&) const = default;
};

using Planes = std::vector<uint16_t>;

Halvings halvings_of(const float* cuts, uint32_t size) {
    Halvings halvings{};
    const auto needed = static_cast<uint32_t>(std::bit_width(size));
    const uint32_t count = halvings.count = std::clamp(needed, 4U, 8U);
    halvings.first = cuts[(1U << (count - 1)) - 1];
    size_t begin = 0;
    for (uint32_t step = 1; step < count; step++) {
        for (uint32_t answers = 0; answers < 1U << step; answers++) {
            uint32_t prefix = 0;
            for (uint32_t bit = 0; bit < step; bit++) prefix = prefix << 1 | (answers >> bit & 1);
            halvings.tables[begin + answers] = cuts[(prefix << (count - step)) + (1U << (count - 1 - step)) - 1];
        }
        begin += std::max<size_t>(16, size_t{1} << step);
    }
    return halvings;
}

}  // namespace

class Compiler {
public:
    Compiler(Forest& forest, const ForestArrays& arrays) : forest_(forest), arrays_(arrays) {}

    void compile() {
        find_trees();
        find_features();
        keep_walk();
        for (size_t first = 0; first < trees_.size();) first = compile_group(first);
        forest_.base_ = arrays_.base;
        forest_.covers_ = arrays_.cover;
        forest_.point();
    }

private:
    bool is_leaf(size_t node) const { return arrays_.feature[node] < 0; }
    bool by_category(size_t node) const { return arrays_.categories_size[node] > 0; }

    // --- Trees and features ---------------------------------------------------------------------

    void find_trees() {
        std::vector<uint32_t> depth(arrays_.feature.size(), 0);
        for (size_t tree = 0; tree < arrays_.roots.size(); tree++) {
            const auto begin = static_cast<size_t>(arrays_.roots[tree]);
            const size_t end = tree + 1 < arrays_.roots.size() ? static_cast<size_t>(arrays_.roots[tree + 1]) : depth.size();
            trees_.push_back({begin, end});
            measure(trees_.back(), depth);
        }
    }

    // Nodes that no root reaches are no part of the tree, and change nothing.
    void measure(Tree& tree, std::vector<uint32_t>& depth) const {
        depth[tree.begin] = 1;
        for (size_t node = tree.begin; node < tree.end; node++) {
            if (!depth[node]) continue;
            tree.depth = std::max(tree.depth, depth[node] - 1);
            if (is_leaf(node)) continue;
            tree.inner++;
            depth[static_cast<size_t>(arrays_.left[node])] = depth[static_cast<size_t>(arrays_.right[node])] = depth[node] + 1;
            const auto start = static_cast<size_t>(arrays_.categories_start[node]);
            for (size_t at = start; at < start + static_cast<size_t>(arrays_.categories_size[node]); at++)
                tree.is_walked = tree.is_walked || arrays_.categories[at] >= max_category_compiled;
        }
        tree.is_walked = tree.is_walked || tree.inner > max_nodes || tree.depth > max_depth;
    }

    void find_features() {
        std::map<int32_t, std::vector<float>> cuts;
        std::map<int32_t, int32_t> greatest;
        for (const Tree& tree : trees_) {
            for (size_t node = tree.begin; node < tree.end; node++) {
                if (is_leaf(node)) continue;
                auto& here = cuts[arrays_.feature[node]];
                if (tree.is_walked) continue;
                if (!by_category(node)) here.push_back(arrays_.threshold[node]);
                else raise_greatest(greatest, node);
            }
        }
        for (auto& [feature, values] : cuts) add_feature(feature, values, greatest);
        point_at_cuts();
    }

    void raise_greatest(std::map<int32_t, int32_t>& greatest, size_t node) const {
        const auto start = static_cast<size_t>(arrays_.categories_start[node]);
        int32_t& value = greatest[arrays_.feature[node]];
        for (size_t at = start; at < start + static_cast<size_t>(arrays_.categories_size[node]); at++)
            value = std::max(value, arrays_.categories[at]);
    }

    void add_feature(int32_t feature, std::vector<float>& values, const std::map<int32_t, int32_t>& greatest) {
        std::sort(values.begin(), values.end());
        values.erase(std::unique(values.begin(), values.end()), values.end());
        const auto found = greatest.find(feature);
        const auto size = static_cast<uint32_t>(values.size());
        const uint32_t segments = (size + codes_per_segment - 1) / codes_per_segment;
        const uint32_t categories = found == greatest.end() ? 0 : static_cast<uint32_t>(found->second) / codes_per_segment + 1;
        place_of_[feature] = static_cast<uint32_t>(forest_.features_.size());
        forest_.features_.push_back({static_cast<uint32_t>(feature), size, nullptr, nullptr, nullptr,
                                     static_cast<uint32_t>(forest_.segment_count_), segments, categories});
        forest_.segment_count_ += segments + categories;
        first_cut_.push_back(forest_.cuts_.size());
        forest_.cuts_.insert(forest_.cuts_.end(), values.begin(), values.end());
        forest_.cuts_.resize(first_cut_.back() + (size + 256) / 256 * 256, std::numeric_limits<float>::infinity());
    }

    void point_at_cuts() {
        forest_.pivots_.resize(16 * forest_.features_.size());
        forest_.halvings_.resize(forest_.features_.size());
        for (size_t place = 0; place < forest_.features_.size(); place++) {
            FeaturePlan& feature = forest_.features_[place];
            feature.cuts = forest_.cuts_.data() + first_cut_[place];
            float* pivots = forest_.pivots_.data() + 16 * place;
            for (size_t at = 0; at < 15; at++) pivots[at] = feature.cuts[16 * at + 15];
            pivots[15] = std::numeric_limits<float>::infinity();
            feature.pivots = pivots;
            forest_.halvings_[place] = halvings_of(feature.cuts, feature.cuts_size);
            feature.halvings = &forest_.halvings_[place];
        }
    }

    // Every tree as nodes, for few rows and for trees that are walked.
    void keep_walk() {
        forest_.categories_ = arrays_.categories;
        for (size_t node = 0; node < arrays_.feature.size(); node++) {
            const auto first = static_cast<uint32_t>(arrays_.categories_start[node]);
            const auto size = static_cast<uint32_t>(arrays_.categories_size[node]);
            if (!is_leaf(node)) std::sort(forest_.categories_.begin() + first, forest_.categories_.begin() + first + size);
            const int32_t feature = is_leaf(node) ? -1 : static_cast<int32_t>(place_of_.at(arrays_.feature[node]));
            forest_.nodes_.push_back({arrays_.threshold[node], feature, static_cast<uint32_t>(arrays_.left[node]),
                                      static_cast<uint32_t>(arrays_.right[node]), first, size, arrays_.nan_left[node]});
        }
        for (size_t tree = 0; tree < trees_.size(); tree++) {
            forest_.roots_.push_back(static_cast<uint32_t>(arrays_.roots[tree]));
            forest_.outputs_.push_back(static_cast<uint32_t>(arrays_.output[tree]));
        }
    }

    // --- Groups ---------------------------------------------------------------------------------

    Answer answer_of(size_t node) const {
        const uint32_t place = place_of_.at(arrays_.feature[node]);
        const FeaturePlan& feature = forest_.features_[place];
        const auto nan_right = static_cast<uint8_t>(!arrays_.nan_left[node]);
        if (by_category(node)) return {place, feature.segments, static_cast<uint32_t>(node), 0, nan_right};
        const float* end = feature.cuts + feature.cuts_size;
        const auto rank = static_cast<uint32_t>(std::lower_bound(feature.cuts, end, arrays_.threshold[node]) - feature.cuts);
        return {place, rank / codes_per_segment, 0, static_cast<uint8_t>(rank % codes_per_segment), nan_right};
    }

    size_t compile_group(size_t first) {
        std::set<Answer> answers;
        size_t end = first;
        for (; end < trees_.size(); end++) {
            std::vector<Answer> more;
            if (!trees_[end].is_walked)
                for (const size_t node : inner_nodes(trees_[end])) more.push_back(answer_of(node));
            if (end > first && answers.size() + more.size() > rows_per_group) {
                size_t fresh = 0;
                for (const Answer& answer : more) fresh += !answers.contains(answer);
                if (answers.size() + fresh > rows_per_group) break;
            }
            answers.insert(more.begin(), more.end());
        }
        add_rows(answers);
        const auto first_tree = static_cast<uint32_t>(forest_.trees_.size());
        for (size_t tree = first; tree < end; tree++) compile_tree(tree);
        forest_.groups_.back().first_tree = first_tree;
        forest_.groups_.back().trees = static_cast<uint32_t>(end - first);
        return end;
    }

    std::vector<size_t> inner_nodes(const Tree& tree) const {
        std::vector<size_t> found;
        std::vector<size_t> open{tree.begin};
        while (!open.empty()) {
            const size_t node = open.back();
            open.pop_back();
            if (is_leaf(node)) continue;
            found.push_back(node);
            open.push_back(static_cast<size_t>(arrays_.right[node]));
            open.push_back(static_cast<size_t>(arrays_.left[node]));
        }
        return found;
    }

    void add_rows(const std::set<Answer>& answers) {
        row_of_.clear();
        GroupPlan group{static_cast<uint32_t>(forest_.segments_.size()), 0, 0, 0};
        uint32_t row = first_answer;
        for (const Answer& answer : answers) {
            row_of_[answer] = row;
            if (is_of_category(answer)) add_category_rows(answer, row);
            else add_threshold_row(answer, row, group);
            row++;
        }
        add_category_segments();
        group.segments = static_cast<uint32_t>(forest_.segments_.size()) - group.first_segment;
        forest_.groups_.push_back(group);
        first_free_ = row;
    }

    bool is_of_category(const Answer& answer) const { return answer.segment >= forest_.features_[answer.feature].segments; }

    void add_threshold_row(const Answer& answer, uint32_t row, const GroupPlan& group) {
        const uint32_t segment = forest_.features_[answer.feature].first_segment + answer.segment;
        if (forest_.segments_.size() == group.first_segment || forest_.segments_.back().segment != segment)
            forest_.segments_.push_back({segment, answer.feature, row, static_cast<uint32_t>(forest_.thresholds_.size()), 0, 0, 0});
        forest_.segments_.back().thresholds++;
        forest_.thresholds_.push_back({answer.code, answer.nan_right});
    }

    // A node's categories by segment; they are added to the group's segments when all are known.
    void add_category_rows(const Answer& answer, uint32_t row) {
        std::map<uint32_t, std::map<uint8_t, uint16_t>> sets;
        const auto start = static_cast<size_t>(arrays_.categories_start[answer.node]);
        for (size_t at = start; at < start + static_cast<size_t>(arrays_.categories_size[answer.node]); at++) {
            const auto category = static_cast<uint32_t>(arrays_.categories[at]);
            const uint32_t code = category % codes_per_segment;
            auto& low_set = sets[category / codes_per_segment][static_cast<uint8_t>(code >> 4)];
            low_set = static_cast<uint16_t>(low_set | 1U << (code & 15));
        }
        bool is_first = true;
        for (const auto& [segment, terms] : sets) {
            const auto first = static_cast<uint32_t>(forest_.terms_.size());
            for (const auto& [high, low_set] : terms) forest_.terms_.push_back({low_set, high});
            pending_[{answer.feature, segment}].push_back({row, first, static_cast<uint32_t>(terms.size()), is_first, answer.nan_right});
            is_first = false;
        }
    }

    // In the order of segments, so that the part that clears a row comes first.
    void add_category_segments() {
        for (const auto& [key, rows] : pending_) {
            const FeaturePlan& feature = forest_.features_[key.first];
            const uint32_t segment = feature.first_segment + feature.segments + key.second;
            forest_.segments_.push_back({segment, key.first, 0, 0, 0, static_cast<uint32_t>(forest_.category_rows_.size()),
                                         static_cast<uint32_t>(rows.size())});
            forest_.category_rows_.insert(forest_.category_rows_.end(), rows.begin(), rows.end());
        }
        pending_.clear();
    }

    // --- Trees ----------------------------------------------------------------------------------

    void compile_tree(size_t number) {
        const Tree& tree = trees_[number];
        const auto output = static_cast<uint32_t>(arrays_.output[number]);
        if (tree.is_walked) {
            forest_.trees_.push_back({Shape::walk, 0, 0, output, static_cast<uint32_t>(tree.begin), 0, 0, 0, 0});
        } else if (tree.inner == 0) {
            forest_.trees_.push_back({Shape::constant, 0, 0, output, 0, 0, 0, static_cast<uint32_t>(forest_.leaves_.size()), 0});
            forest_.leaves_.push_back(arrays_.threshold[tree.begin]);
        } else if (tree.depth <= max_heap_depth && (size_t{1} << tree.depth) <= 4 * (tree.inner + 1)) {
            compile_heap(tree, output);
        } else {
            compile_choices(tree, output);
        }
        forest_.row_count_ = std::max<size_t>(forest_.row_count_, first_free_);
    }

    uint16_t row(size_t node) const { return static_cast<uint16_t>(row_of_.at(answer_of(node))); }

    void compile_heap(const Tree& tree, uint32_t output) {
        const uint32_t size = 1U << tree.depth;
        const auto first = static_cast<uint32_t>(forest_.places_.size());
        const auto leaves = static_cast<uint32_t>(forest_.leaves_.size());
        forest_.places_.resize(first + size, zeros);
        forest_.leaves_.resize(leaves + std::max(size, least_leaves), 0.0F);
        fill_heap(tree.begin, 0, 0, tree.depth, first, leaves);
        forest_.trees_.push_back({Shape::heap, static_cast<uint8_t>(tree.depth), 0, output, first, size - 1, 0, leaves, 0});
        add_leaf_bytes(size);
    }

    // `at` counts the nodes of a level; a leaf above the last level goes left from there.
    void fill_heap(size_t node, uint32_t level, uint32_t at, uint32_t depth, uint32_t first, uint32_t leaves) {
        if (is_leaf(node)) {
            const uint32_t width = 1U << (depth - level);
            for (uint32_t leaf = 0; leaf < width; leaf++) forest_.leaves_[leaves + at * width + leaf] = arrays_.threshold[node];
            return;
        }
        forest_.places_[first + (1U << level) - 1 + at] = row(node);
        fill_heap(static_cast<size_t>(arrays_.left[node]), level + 1, 2 * at, depth, first, leaves);
        fill_heap(static_cast<size_t>(arrays_.right[node]), level + 1, 2 * at + 1, depth, first, leaves);
    }

    void compile_choices(const Tree& tree, uint32_t output) {
        const auto bits = static_cast<uint32_t>(std::bit_width(tree.inner));
        const auto first = static_cast<uint32_t>(forest_.choices_.size());
        const auto leaves = static_cast<uint32_t>(forest_.leaves_.size());
        leaves_begin_ = leaves;
        free_.clear();
        next_ = first_free_;
        const Planes number = choose(tree.begin, bits);
        const auto result = static_cast<uint32_t>(forest_.places_.size());
        forest_.places_.insert(forest_.places_.end(), number.begin(), number.end());
        forest_.leaves_.resize(leaves + std::max(1U << bits, least_leaves), 0.0F);
        const auto size = static_cast<uint32_t>(forest_.choices_.size()) - first;
        forest_.trees_.push_back({Shape::choices, static_cast<uint8_t>(bits), 0, output, first, size, result, leaves, 0});
        if (bits <= 8) add_leaf_bytes(tree.inner + 1);
        forest_.row_count_ = std::max<size_t>(forest_.row_count_, next_);
    }

    // The leaves of the last tree as bytes, in as many chunks as there is code for.
    void add_leaf_bytes(size_t size) {
        const auto needed = static_cast<uint32_t>((size + leaves_per_chunk - 1) / leaves_per_chunk);
        TreePlan& tree = forest_.trees_.back();
        tree.chunks = *std::lower_bound(std::begin(chunk_counts), std::end(chunk_counts), needed);
        tree.first_chunk = static_cast<uint32_t>(forest_.leaf_bytes_.size() / (4 * leaves_per_chunk));
        for (size_t first = 0; first < tree.chunks * leaves_per_chunk; first += leaves_per_chunk) {
            for (size_t byte = 0; byte < 4; byte++) {
                for (size_t at = first; at < first + leaves_per_chunk; at++) {
                    const uint32_t bits = at < size ? std::bit_cast<uint32_t>(forest_.leaves_[tree.leaves + at]) : 0;
                    forest_.leaf_bytes_.push_back(static_cast<uint8_t>(bits >> (8 * byte)));
                }
            }
        }
    }

    // The rows of the numbers of a subtree's leaves, which count on from left to right.
    Planes choose(size_t node, uint32_t bits) {
        if (is_leaf(node)) {
            const size_t number = forest_.leaves_.size() - leaves_begin_;
            forest_.leaves_.push_back(arrays_.threshold[node]);
            Planes planes(bits);
            for (uint32_t bit = 0; bit < bits; bit++) planes[bit] = number >> bit & 1 ? ones : zeros;
            return planes;
        }
        Planes left = choose(static_cast<size_t>(arrays_.left[node]), bits);
        const Planes right = choose(static_cast<size_t>(arrays_.right[node]), bits);
        const uint16_t selector = row(node);
        for (uint32_t bit = 0; bit < bits; bit++) left[bit] = chosen(selector, left[bit], right[bit]);
        return left;
    }

    uint16_t chosen(uint16_t selector, uint16_t left, uint16_t right) {
        if (left == right) return left;
        if (left == zeros && right == ones) return selector;
        release(left);
        release(right);
        const uint16_t target = free_row();
        forest_.choices_.push_back({target, selector, left, right});
        return target;
    }

    void release(uint16_t row) {
        if (row >= first_free_) free_.push_back(row);
    }

    uint16_t free_row() {
        if (free_.empty()) return static_cast<uint16_t>(next_++);
        const uint16_t row = free_.back();
        free_.pop_back();
        return row;
    }

    Forest& forest_;
    const ForestArrays& arrays_;
    std::vector<Tree> trees_;
    std::map<int32_t, uint32_t> place_of_;
    std::vector<size_t> first_cut_;
    std::map<Answer, uint32_t> row_of_;
    std::map<std::pair<uint32_t, uint32_t>, std::vector<CategoryRow>> pending_;
    uint32_t first_free_ = 0;
    uint32_t next_ = 0;
    size_t leaves_begin_ = 0;  // of the tree that is being compiled
    std::vector<uint16_t> free_;
};

Forest::Forest(Reader& reader, size_t features) {
    const ForestArrays arrays(reader);
    arrays.check(features);
    Compiler(*this, arrays).compile();
}

}  // namespace vesto
